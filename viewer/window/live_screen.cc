// Long, since it is the one place where all pieces of the window meet; each function does one of
// them.
#include "viewer/window/live_screen.h"

#include <fmt/format.h>
#include <imgui.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>

#include "viewer/window/curves_card.h"
#include "viewer/window/event_card.h"
#include "viewer/window/keys.h"
#include "viewer/window/number_text.h"
#include "viewer/window/run_card.h"
#include "viewer/window/widgets.h"

namespace dqnd {
namespace {

constexpr double kSlowest = 1.0 / 8;
constexpr double kFastest = 32;
constexpr double kRewindSeconds = 3;
constexpr double kToastSeconds = 3.5;
constexpr double kSilenceSeconds = 6;
constexpr double kMomentsPerSecond = 60;
// A run that is started again writes its address within this time.
constexpr int kLooksForADaemon = 3;
constexpr double kLookSeconds = 1;

double UnixSeconds() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace

// How the window is divided, in screen pixels.
struct LiveScreen::Layout {
  explicit Layout(const Theme& theme) {
    const ImVec2 screen = ImGui::GetIO().DisplaySize;
    margin = theme.Px(14);
    gap = theme.Px(12);
    header = theme.Px(32);
    const float inner = screen.x - 2 * margin;
    if (screen.x >= theme.Px(860)) side = std::clamp(inner * 0.3f, theme.Px(310), theme.Px(430));
    main = side > 0 ? inner - side - gap : inner;
    body = screen.y - 2 * margin - header - gap;
    if (screen.y >= theme.Px(640)) bottom = std::clamp(body * 0.24f, theme.Px(150), theme.Px(270));
    if (main < theme.Px(360)) bottom = 0;
    stage = bottom > 0 ? body - bottom - gap : body;
  }

  float margin = 0;
  float gap = 0;
  float header = 0;
  float side = 0;  // width of the column at the right; 0: none
  float main = 0;  // width of the rest
  float body = 0;  // height below the header
  float stage = 0;
  float bottom = 0;  // height of the curves; 0: none
};

LiveScreen::LiveScreen(Window& window, Destination destination, std::unique_ptr<ServeProcess> serve,
                       std::optional<ViewMode> mode)
    : window_(window),
      destination_(std::move(destination)),
      serve_(std::move(serve)),
      view_(window.renderer()),
      input_(window.renderer()),
      control_(destination_, [this] { window_.Wake(); }) {
  std::error_code ignored;
  may_serve_ = std::filesystem::is_directory(destination_.named, ignored);
  watch_.network_input = true;
  mode_ = mode.value_or(mode_);
  mode_is_decided_ = mode.has_value();
  StartWatching();
  if (is_playing()) StartPlaying();
}

void LiveScreen::StartWatching() {
  Reconnector::Options options;
  options.destination = destination_;
  options.is_starting = may_serve_;
  watcher_ = std::make_unique<WatchClient>(
      options, watch_, [this] { window_.Wake(); },
      [this](const v1::Moment& moment, const PictureDecoder& pictures) {
        recorder_.Accept(moment, pictures);
      });
}

void LiveScreen::StartPlaying() {
  Reconnector::Options options;
  options.destination = destination_;
  options.is_starting = may_serve_;
  v1::Start start;
  start.set_speed(speed_);
  start.mutable_show()->set_network_input(true);
  start.mutable_show()->set_saliency(saliency_);
  player_ = std::make_unique<PlayClient>(
      options, start, [this] { window_.Wake(); },
      [this](const v1::Moment& moment, const PictureDecoder& pictures) {
        recorder_.Accept(moment, pictures);
      });
}

const std::optional<DecodedMoment>& LiveScreen::moment() const {
  return is_playing() ? game_moment_ : model_.moment();
}

bool LiveScreen::may_control() const {
  return model_.run().has_value() && model_.run()->may_control() &&
         model_.connection().phase == ConnectionStatus::Phase::kConnected &&
         phase() != v1::RUN_PHASE_SERVING;
}

v1::RunPhase LiveScreen::phase() const {
  return model_.state().has_value() ? model_.state()->phase() : v1::RUN_PHASE_UNSPECIFIED;
}

std::string LiveScreen::run_name() const {
  return model_.run().has_value() ? model_.run()->description().name() : "";
}

void LiveScreen::ShowToast(const std::string& text) {
  toast_ = text;
  toast_until_ = ImGui::GetTime() + kToastSeconds;
}

void LiveScreen::TakeNews(double now) {
  WatchNews news = watcher_->TakeNews();
  const bool has_phase = news.state.has_value() || news.run.has_value();
  if (has_phase || news.moment.has_value()) news_at_ = now;
  model_.Apply(std::move(news), now);
  const bool connected = model_.connection().phase == ConnectionStatus::Phase::kConnected;
  phase_is_known_ = connected && (has_phase || phase_is_known_);
  if (!keys_.has_value() && model_.run().has_value()) {
    const auto& names = model_.run()->description().environment().action_names();
    keys_.emplace(std::vector<std::string>(names.begin(), names.end()));
  }
  if (player_ != nullptr) {
    PlayNews played = player_->TakeNews();
    if (played.state.has_value()) game_ = std::move(played.state);
    if (played.moment.has_value()) {
      Supersede(game_moment_, std::move(*played.moment), played.not_shown);
    }
    for (ConnectionStatus& status : played.statuses) {
      if (status.phase == ConnectionStatus::Phase::kConnected) {
        game_.reset();
        pressed_.reset();
      }
      game_connection_ = std::move(status);
    }
  }
  for (const CommandAnswer& answer : control_.TakeAnswers()) {
    model_.Say(answer.text, answer.done ? v1::EVENT_LEVEL_INFO : v1::EVENT_LEVEL_WARNING, now);
    ShowToast(answer.text);
  }
  const std::string failure = recorder_.TakeFailure();
  if (!failure.empty()) ShowToast(failure);
}

void LiveScreen::FollowDaemon() {
  const double now = ImGui::GetTime();
  const bool is_new = serve_ != nullptr && served_at_.empty();
  if (!may_serve_ || (now < next_look_ && !is_new)) return;
  next_look_ = now + kLookSeconds;
  const ConnectionStatus& connection = model_.connection();
  std::error_code ignored;
  const std::filesystem::path directory = destination_.named;
  const bool refused =
      connection.error.has_value() && connection.error->kind() == ConnectionError::Kind::kRefused;
  const bool connected = connection.phase == ConnectionStatus::Phase::kConnected;
  const bool gone =
      !connected && (refused || !std::filesystem::exists(directory / "address", ignored));
  looks_in_vain_ = gone ? looks_in_vain_ + 1 : 0;
  if (connected) LeaveServing();
  const bool in_vain = looks_in_vain_ >= kLooksForADaemon && serve_ == nullptr;
  is_trained_unheard_ = in_vain && IsTrained(directory);
  if (!in_vain || is_trained_unheard_) return;
  try {
    serve_ = std::make_unique<ServeProcess>(directory);
    served_at_.clear();
    trained_before_ = !is_playing();
    SetMode(ViewMode::kExhibition);
  } catch (const std::runtime_error& error) {
    may_serve_ = false;
    model_.Say(error.what(), v1::EVENT_LEVEL_WARNING, UnixSeconds());
    ShowToast(error.what());
  }
}

// Our own daemon has nothing to do any more where another has taken over the run directory, as one
// that goes on with the training does.
void LiveScreen::LeaveServing() {
  if (serve_ == nullptr) return;
  try {
    const std::string address = destination_.Resolve().Text();
    if (served_at_.empty()) served_at_ = address;
    if (address == served_at_ && serve_->Ended().empty()) return;
    serve_.reset();
    if (std::exchange(trained_before_, false)) SetMode(ViewMode::kTraining);
  } catch (const std::invalid_argument&) {
    // No address: it is about to end, or another to begin.
  }
}

void LiveScreen::DecideMode() {
  if (mode_is_decided_ || !model_.state().has_value()) return;
  mode_is_decided_ = true;
  if (phase() == v1::RUN_PHASE_SERVING) SetMode(ViewMode::kExhibition);
}

// Of the training stream. None until it is known that something is trained there: a daemon that
// only serves refuses to show it, and a daemon that comes after another may be one.
double LiveScreen::MomentsWanted() const {
  const bool is_trained = phase_is_known_ && phase() != v1::RUN_PHASE_SERVING;
  return mode_is_decided_ && is_trained && !is_playing() ? kMomentsPerSecond : 0;
}

void LiveScreen::AskForMoments() {
  const double wanted = MomentsWanted();
  if (wanted == watch_.moments_per_second) return;
  watch_.moments_per_second = wanted;
  watcher_->Watch(watch_);
}

void LiveScreen::SetMode(ViewMode mode) {
  if (mode == mode_) return;
  if (recorder_.is_recording()) ToggleRecording();
  mode_ = mode;
  mode_is_decided_ = true;
  AskForMoments();
  player_.reset();
  game_.reset();
  game_moment_.reset();
  pressed_.reset();
  if (is_playing()) StartPlaying();
}

void LiveScreen::ApplyShow() {
  watcher_->Watch(watch_);
  if (player_ != nullptr) player_->Show(true, saliency_);
}

void LiveScreen::ToggleSaliency() {
  saliency_ = !saliency_;
  watch_.saliency = saliency_;
  ApplyShow();
}

void LiveScreen::ToggleRecording() {
  try {
    if (recorder_.is_recording()) {
      ShowToast(recorder_.Stop());
      return;
    }
    if (!model_.run().has_value()) return;
    v1::RecordingHeader header;
    header.set_contract_revision(1);
    header.set_run_name(run_name());
    *header.mutable_environment() = model_.run()->description().environment();
    header.set_source(is_playing() ? v1::RECORDING_SOURCE_EXHIBITION
                                   : v1::RECORDING_SOURCE_TRAINING);
    header.set_unix_seconds(UnixSeconds());
    header.set_env_steps(is_playing() && game_.has_value() ? game_->parameters_env_steps()
                                                           : model_.state()->env_steps());
    const std::string name = RecordingName(run_name(), UnixSeconds());
    recorder_.Start(name, header);
    ShowToast(fmt::format("Recording to {}", name));
  } catch (const std::runtime_error& error) {
    ShowToast(error.what());
  }
}

void LiveScreen::Control(RunCommand command) {
  if (may_control()) {
    control_.Send(command);
  } else if (model_.run().has_value() && !model_.run()->may_control()) {
    ShowToast("This token is read-only: it can watch and play, not control the run");
  }
}

void LiveScreen::HandleKeys() {
  const ImGuiIO& io = ImGui::GetIO();
  wishes_.TakeKeys(window_);
  if (io.KeyCtrl) {
    if (Pressed(ImGuiKey_E)) asks_stop_ = may_control();
    return;
  }
  if (Pressed(ImGuiKey_Tab)) {
    SetMode(is_playing() ? ViewMode::kTraining : ViewMode::kExhibition);
  }
  if (Pressed(ImGuiKey_S)) ToggleSaliency();
  if (Pressed(ImGuiKey_R)) ToggleRecording();
  if (is_playing()) {
    HandleExhibitionKeys();
  } else {
    HandleTrainingKeys();
  }
}

void LiveScreen::HandleTrainingKeys() {
  if (Pressed(ImGuiKey_Space)) TogglePause();
  if (PressedOrHeld(ImGuiKey_Period)) Control(RunCommand::kStep);
  if (Pressed(ImGuiKey_C)) Control(RunCommand::kCheckpoint);
  const int environments = model_.run().has_value() ? model_.run()->description().n_envs() : 1;
  const int change =
      (Pressed(ImGuiKey_RightBracket) ? 1 : 0) - (Pressed(ImGuiKey_LeftBracket) ? 1 : 0);
  if (change != 0 && environments > 1) {
    watch_.environment_index = (watch_.environment_index + change + environments) % environments;
    watcher_->Watch(watch_);
  }
}

void LiveScreen::HandleExhibitionKeys() {
  if (!game_.has_value()) return;
  if (Pressed(ImGuiKey_T)) ToggleTakeOver();
  if (Pressed(ImGuiKey_P) || (!game_->person_plays() && Pressed(ImGuiKey_Space))) TogglePause();
  if (PressedOrHeld(ImGuiKey_Period)) StepGame();
  if (Pressed(ImGuiKey_N)) player_->Restart();
  if (Pressed(ImGuiKey_Backspace)) player_->Rewind(kRewindSeconds);
  if (Pressed(ImGuiKey_Equal) || Pressed(ImGuiKey_KeypadAdd)) SetSpeed(speed_ * 2);
  if (Pressed(ImGuiKey_Minus) || Pressed(ImGuiKey_KeypadSubtract)) SetSpeed(speed_ / 2);
  if (game_->person_plays()) PlayWithKeys();
}

void LiveScreen::PlayWithKeys() {
  constexpr std::array kDigits = {ImGuiKey_1, ImGuiKey_2, ImGuiKey_3, ImGuiKey_4, ImGuiKey_5,
                                  ImGuiKey_6, ImGuiKey_7, ImGuiKey_8, ImGuiKey_9, ImGuiKey_0};
  HeldKeys held;
  held.up = ImGui::IsKeyDown(ImGuiKey_UpArrow);
  held.down = ImGui::IsKeyDown(ImGuiKey_DownArrow);
  held.left = ImGui::IsKeyDown(ImGuiKey_LeftArrow);
  held.right = ImGui::IsKeyDown(ImGuiKey_RightArrow);
  held.fire = ImGui::IsKeyDown(ImGuiKey_Space);
  std::optional<int> action = keys_.has_value() ? keys_->ActionFor(held) : std::nullopt;
  const int actions = model_.run()->description().environment().action_names_size();
  for (size_t i = 0; i < kDigits.size() && static_cast<int>(i) < actions; ++i) {
    if (ImGui::IsKeyDown(kDigits[i])) action = static_cast<int>(i);
  }
  if (!action.has_value() || action == pressed_) return;
  pressed_ = action;
  player_->Press(*action);
}

void LiveScreen::SetSpeed(double speed) {
  speed_ = std::clamp(speed, kSlowest, kFastest);
  if (player_ != nullptr) player_->SetSpeed(speed_);
}

void LiveScreen::TogglePause() {
  if (!is_playing()) {
    Control(phase() == v1::RUN_PHASE_PAUSED ? RunCommand::kResume : RunCommand::kPause);
  } else if (game_.has_value() && game_->paused()) {
    player_->Resume();
  } else if (game_.has_value()) {
    player_->Pause();
  }
}

// A game that goes on takes no step.
void LiveScreen::StepGame() {
  if (!game_->paused()) player_->Pause();
  player_->Step();
}

void LiveScreen::ToggleTakeOver() {
  pressed_.reset();
  if (game_->person_plays()) {
    player_->GiveBack();
  } else {
    player_->TakeOver();
  }
}

double LiveScreen::Draw(bool has_keyboard) {
  const double now = UnixSeconds();
  TakeNews(now);
  FollowDaemon();
  DecideMode();
  AskForMoments();
  if (has_keyboard && !asks_stop_ && !ImGui::GetIO().WantTextInput) HandleKeys();

  const Theme& theme = window_.theme();
  const Layout layout(theme);
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(theme.Px(8), theme.Px(6)));
  ImGui::SetCursorPos(ImVec2(layout.margin, layout.margin));
  DrawHeader(layout.main + (layout.side > 0 ? layout.side + layout.gap : 0));
  const float top = layout.margin + layout.header + layout.gap;
  ImGui::SetCursorPos(ImVec2(layout.margin, top));
  DrawStageCard(layout.main, layout.stage);
  if (layout.bottom > 0) {
    ImGui::SetCursorPos(ImVec2(layout.margin, top + layout.stage + layout.gap));
    DrawCurves(theme, model_, layout.main, layout.bottom);
  }
  if (layout.side > 0) {
    ImGui::SetCursorPos(ImVec2(layout.margin + layout.main + layout.gap, top));
    DrawSide(layout.side, layout.body);
  }
  ImGui::PopStyleVar();
  DrawStopQuestion();
  const bool has_toast = ImGui::GetTime() < toast_until_;
  if (!has_toast) toast_.clear();
  return has_toast ? std::min(1.0, toast_until_ - ImGui::GetTime() + 0.01) : 1.0;
}

void LiveScreen::DrawHeader(float width) {
  const Theme& theme = window_.theme();
  const Theme::Colours& c = theme.colours();
  const float left = ImGui::GetCursorPosX();
  const float top = ImGui::GetCursorPosY();
  const auto center = [&](float height) {
    ImGui::SetCursorPosY(top + (theme.Px(32) - height) / 2);
  };
  const bool small = width < theme.Px(700);
  const std::string name = run_name().empty() ? destination_.named : run_name();
  center(TextSize(theme, name, Theme::kTitle, true).y);
  Text(theme, name, Theme::kTitle, true);
  if (model_.state().has_value()) {
    ImGui::SameLine(0, theme.Px(12));
    center(theme.Px(24));
    const bool connected = model_.connection().phase == ConnectionStatus::Phase::kConnected;
    Pill(theme, connected ? PhaseText(phase()) : "Not connected",
         connected ? PhaseColour(theme, phase()) : c.warning);
  }
  if (model_.run().has_value() && !small) {
    const v1::RunDescription& run = model_.run()->description();
    const std::string text =
        fmt::format("{}  ·  {}, {} parameters  ·  {}", run.environment().id(), run.architecture(),
                    CountText(run.parameters()), run.host());
    ImGui::SameLine(0, theme.Px(12));
    center(TextSize(theme, text, Theme::kSmall).y);
    ColouredText(theme, text, c.muted, Theme::kSmall);
  }
  constexpr std::array<std::string_view, 2> kModes = {"Training", "Exhibition"};
  const float modes = TextSize(theme, kModes[0], Theme::kNormal).x +
                      TextSize(theme, kModes[1], Theme::kNormal).x + 4 * theme.Px(14);
  const float buttons = 3 * theme.Px(32) + 3 * theme.Px(8);
  ImGui::SameLine(std::max(left, left + width - modes - buttons));
  ImGui::SetCursorPosY(top);
  const int mode = Segmented(theme, "mode", kModes, is_playing() ? 1 : 0);
  SetMode(mode == 1 ? ViewMode::kExhibition : ViewMode::kTraining);
  ImGui::SameLine();
  wishes_.DrawButtons(theme, "Connect to another daemon  [Ctrl O]");
}

StageContent LiveScreen::MakeStage() {
  const Theme::Colours& c = window_.theme().colours();
  StageContent content;
  if (moment().has_value()) content.moment = &*moment();
  if (model_.run().has_value()) {
    content.pixel_aspect = model_.run()->description().environment().pixel_aspect();
  }
  content.saliency = saliency_;
  content.toast = toast_;
  const ConnectionStatus& connection =
      is_playing() && model_.connection().phase == ConnectionStatus::Phase::kConnected
          ? game_connection_
          : model_.connection();
  const double silence = UnixSeconds() - news_at_;
  if (connection.error.has_value()) {
    content.banner = connection.text;
    content.banner_colour =
        connection.phase == ConnectionStatus::Phase::kFailed ? c.danger : c.warning;
  } else if (connection.phase == ConnectionStatus::Phase::kConnected && news_at_ > 0 &&
             silence > kSilenceSeconds) {
    content.banner = fmt::format("No word from the daemon for {:.0f} s", silence);
    content.banner_colour = c.warning;
  }
  if (is_trained_unheard_) {
    content.banner =
        "A dqnd is at work in this directory and does not listen yet; with server.listen: ~ it "
        "never does";
    content.banner_colour = c.warning;
  }
  if (serve_ != nullptr && !serve_->Ended().empty()) {
    content.banner = serve_->Ended();
    content.banner_colour = c.danger;
  }
  content.empty_text = model_.run().has_value() ? "Waiting for the first picture" : connection.text;
  if (!is_playing() && phase() == v1::RUN_PHASE_SERVING) {
    content.empty_text = "Nothing is trained here; watch an exhibition game  [Tab]";
  }
  if (!content.banner.empty()) content.empty_text.clear();

  if (recorder_.is_recording()) content.badges.push_back({"REC", c.danger});
  if (is_playing() && game_.has_value()) {
    if (game_->person_plays()) content.badges.push_back({"YOU PLAY", c.person});
    if (game_->paused()) content.badges.push_back({"PAUSED", c.warning});
  }
  if (!is_playing() && phase() == v1::RUN_PHASE_PAUSED) {
    content.badges.push_back({"PAUSED", c.warning});
  }
  // Badges and a banner would lie over each other.
  if (!content.banner.empty()) content.badges.clear();
  content.controls = [this] {
    if (is_playing()) {
      DrawExhibitionControls();
    } else {
      DrawTrainingControls();
    }
    DrawRecordButtons();
    DrawRemark();
  };
  return content;
}

void LiveScreen::DrawStageCard(float width, float height) {
  if (width >= 1 && height >= 1) DrawStage(window_.theme(), view_, MakeStage(), width, height);
}

void LiveScreen::DrawTrainingControls() {
  const Theme& theme = window_.theme();
  const bool paused = phase() == v1::RUN_PHASE_PAUSED;
  const bool allowed = may_control();
  if (Button(
          theme, "pause", paused ? Icon::kPlay : Icon::kPause, paused ? "Resume" : "Pause",
          paused ? "The run goes on  [Space]" : "The run stands still until it is resumed  [Space]",
          paused ? ButtonKind::kPrimary : ButtonKind::kPlain, allowed)) {
    TogglePause();
  }
  ImGui::SameLine();
  if (Button(theme, "step", Icon::kStep, "", "One cycle of the paused run  [.]", ButtonKind::kPlain,
             allowed && paused)) {
    Control(RunCommand::kStep);
  }
  ImGui::SameLine();
  if (Button(theme, "checkpoint", Icon::kSave, "", "Write a checkpoint  [C]", ButtonKind::kPlain,
             allowed)) {
    Control(RunCommand::kCheckpoint);
  }
  ImGui::SameLine();
  if (Button(theme, "stop", Icon::kStop, "", "End the run with a checkpoint  [Ctrl E]",
             ButtonKind::kPlain, allowed)) {
    asks_stop_ = true;
  }
}

void LiveScreen::DrawExhibitionControls() {
  const Theme& theme = window_.theme();
  const bool live = game_.has_value();
  const bool person = live && game_->person_plays();
  const bool paused = live && game_->paused();
  if (Button(theme, "take_over", Icon::kHand, person ? "Give back" : "Take over",
             person ? "The agent plays  [T]" : "You play, with arrow keys and space  [T]",
             person ? ButtonKind::kActive : ButtonKind::kPrimary, live)) {
    ToggleTakeOver();
  }
  ImGui::SameLine();
  if (Button(theme, "pause", paused ? Icon::kPlay : Icon::kPause, "",
             paused ? "Go on  [P]" : "Pause  [P]",
             paused ? ButtonKind::kActive : ButtonKind::kPlain, live)) {
    TogglePause();
  }
  ImGui::SameLine();
  if (Button(theme, "step", Icon::kStep, "", "Stand still, and go on by one decision  [.]",
             ButtonKind::kPlain, live)) {
    StepGame();
  }
  ImGui::SameLine();
  if (Button(theme, "rewind", Icon::kRewind, "", "Back three seconds  [Backspace]",
             ButtonKind::kPlain, live && game_->rewindable_seconds() > 0)) {
    player_->Rewind(kRewindSeconds);
  }
  ImGui::SameLine();
  if (Button(theme, "restart", Icon::kRestart, "", "A new game  [N]", ButtonKind::kPlain, live)) {
    player_->Restart();
  }
  ImGui::SameLine();
  if (Button(theme, "slower", Icon::kNone, "-", "Slower  [-]", ButtonKind::kPlain,
             live && speed_ > kSlowest)) {
    SetSpeed(speed_ / 2);
  }
  ImGui::SameLine(0, theme.Px(6));
  const std::string speed = SpeedText(live ? game_->speed() : speed_);
  const float room = theme.Px(32);
  const ImVec2 size = TextSize(theme, speed, Theme::kNormal);
  const ImVec2 at = ImGui::GetCursorPos();
  ImGui::SetCursorPos(ImVec2(at.x + (room - size.x) / 2, at.y + (theme.Px(32) - size.y) / 2));
  Text(theme, speed);
  ImGui::SetCursorPos(ImVec2(at.x + room, at.y));
  ImGui::SameLine(at.x + room + theme.Px(6));
  ImGui::SetCursorPosY(at.y);
  if (Button(theme, "faster", Icon::kNone, "+", "Faster  [+]", ButtonKind::kPlain,
             live && speed_ < kFastest)) {
    SetSpeed(speed_ * 2);
  }
}

void LiveScreen::DrawRecordButtons() {
  const Theme& theme = window_.theme();
  const bool recording = recorder_.is_recording();
  ImGui::SameLine(0, theme.Px(18));
  if (Button(theme, "record", Icon::kRecord, "",
             recording ? "End the recording  [R]" : "Record  [R]",
             recording ? ButtonKind::kDanger : ButtonKind::kPlain, moment().has_value())) {
    ToggleRecording();
  }
  ImGui::SameLine();
  if (Button(theme, "screenshot", Icon::kCamera, "", "Screenshot  [F12]"))
    wishes_.screenshot = true;
}

// The game's own numbers, at the right where there is room.
void LiveScreen::DrawRemark() {
  const Theme& theme = window_.theme();
  if (!moment().has_value() || !moment()->step.has_value()) return;
  const v1::Step& step = *moment()->step;
  std::string text = fmt::format("env_step {}", GroupedText(step.episode_env_step()));
  const int environments = model_.run().has_value() ? model_.run()->description().n_envs() : 1;
  if (!is_playing() && environments > 1) {
    text = fmt::format("environment {} of {}  ·  {}", watch_.environment_index + 1, environments,
                       text);
  }
  if (is_playing() && game_.has_value() && game_->has_last_return()) {
    text = fmt::format("last game {}  ·  {}", ValueText(game_->last_return()), text);
  }
  const std::string score = fmt::format("{:g}", step.return_so_far());
  const float score_width = TextSize(theme, score, Theme::kTitle, true).x;
  const float label_width = TextSize(theme, "Return", Theme::kSmall).x;
  const float text_width = TextSize(theme, text, Theme::kSmall).x;
  ImGui::SameLine(0, theme.Px(16));
  const float right = ImGui::GetContentRegionMax().x;
  const float left = ImGui::GetCursorPosX();
  const float top = ImGui::GetCursorPosY();
  const float small = label_width + theme.Px(6) + score_width;
  const bool all = right - left >= small + theme.Px(18) + text_width;
  if (right - left < small) return;
  const float small_y = top + (theme.Px(32) - TextSize(theme, text, Theme::kSmall).y) / 2;
  if (all) {
    ImGui::SetCursorPos(ImVec2(right - small - theme.Px(18) - text_width, small_y));
    ColouredText(theme, text, theme.colours().muted, Theme::kSmall);
  }
  ImGui::SetCursorPos(ImVec2(right - small, small_y + theme.Px(1)));
  ColouredText(theme, "Return", theme.colours().muted, Theme::kSmall);
  ImGui::SetCursorPos(
      ImVec2(right - score_width,
             top + (theme.Px(32) - TextSize(theme, score, Theme::kTitle, true).y) / 2));
  Text(theme, score, Theme::kTitle, true);
}

void LiveScreen::DrawSide(float width, float height) {
  const Theme& theme = window_.theme();
  const float gap = theme.Px(12);
  ImGui::BeginChild("side", ImVec2(width, height), ImGuiChildFlags_None);
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(theme.Px(8), gap));
  std::vector<std::string> names;
  if (model_.run().has_value()) {
    const auto& actions = model_.run()->description().environment().action_names();
    names.assign(actions.begin(), actions.end());
  }
  const v1::Step* step =
      moment().has_value() && moment()->step.has_value() ? &*moment()->step : nullptr;
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(theme.Px(8), theme.Px(6)));
  decision_.Draw(theme, names, step, width);
  ImGui::Dummy(ImVec2(0, gap - 2 * theme.Px(6)));
  if (input_.Draw(theme, moment().has_value() ? &*moment() : nullptr, saliency_, width)) {
    ToggleSaliency();
  }
  ImGui::Dummy(ImVec2(0, gap - 2 * theme.Px(6)));
  if (model_.state().has_value()) {
    DrawRunCard(theme, *model_.state(), UnixSeconds(), width);
    ImGui::Dummy(ImVec2(0, gap - 2 * theme.Px(6)));
  }
  const float left_over = height - ImGui::GetCursorPosY();
  DrawEvents(theme, model_, width, std::max(left_over, theme.Px(110)));
  ImGui::PopStyleVar(2);
  ImGui::EndChild();
}

void LiveScreen::DrawStopQuestion() {
  if (!asks_stop_) return;
  const Theme& theme = window_.theme();
  ImGui::OpenPopup("stop?");
  ImGui::SetNextWindowPos(ImGui::GetMainViewport()->GetCenter(), ImGuiCond_Always,
                          ImVec2(0.5f, 0.5f));
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(theme.Px(22), theme.Px(20)));
  if (ImGui::BeginPopupModal("stop?", nullptr,
                             ImGuiWindowFlags_NoTitleBar | ImGuiWindowFlags_AlwaysAutoResize |
                                 ImGuiWindowFlags_NoMove)) {
    Text(theme, fmt::format("End the run {}?", run_name()), Theme::kTitle, true);
    ColouredText(
        theme, "It writes a checkpoint and its process ends. The same command goes on from there.",
        theme.colours().muted);
    ImGui::Dummy(ImVec2(0, theme.Px(8)));
    const bool yes = Button(theme, "yes", Icon::kStop, "End the run", "", ButtonKind::kDanger);
    ImGui::SameLine();
    const bool no = Button(theme, "no", Icon::kNone, "Let it go on", "  [Esc]");
    if (yes) Control(RunCommand::kStop);
    if (yes || no || Pressed(ImGuiKey_Escape)) {
      asks_stop_ = false;
      ImGui::CloseCurrentPopup();
    }
    ImGui::EndPopup();
  }
  ImGui::PopStyleVar();
}

}  // namespace dqnd
