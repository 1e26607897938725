#include "viewer/window/app.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <imgui.h>

#include <ctime>
#include <stdexcept>
#include <utility>

#include "viewer/window/help_overlay.h"

namespace dqnd {
namespace {

bool AnyKey() {
  for (int key = ImGuiKey_NamedKey_BEGIN; key < ImGuiKey_GamepadStart; ++key) {
    if (ImGui::IsKeyPressed(static_cast<ImGuiKey>(key), false)) return true;
  }
  return false;
}

}  // namespace

App::App(Window& window, AppOptions options)
    : window_(window),
      options_(std::move(options)),
      recent_(RecentAddresses::DefaultPath()),
      dialog_(recent_) {
  if (!options_.delays.empty()) {
    delays_.emplace(options_.delays);
    window_.OnPresented([this] { delays_->Presented(); });
  }
  if (options_.named.empty()) {
    dialog_.Open({}, std::nullopt);
    dialog_is_open_ = true;
    return;
  }
  Destination destination = Destination::FromText(options_.named);
  // What was confirmed and kept before need not be asked for again.
  for (const RecentAddress& each : recent_.list()) {
    if (each.named != destination.named) continue;
    destination.fingerprint = each.fingerprint;
    if (destination.token.empty()) destination.token = each.token;
  }
  Open(destination);
}

void App::Open(const Destination& destination) {
  dialog_is_open_ = false;
  std::error_code ignored;
  const std::filesystem::path path = destination.named;
  try {
    if (std::filesystem::is_regular_file(path, ignored) || path.extension() == ".dqnrec") {
      recording_ = std::make_unique<RecordingScreen>(window_, path);
      live_.reset();
      return;
    }
    std::unique_ptr<ServeProcess> serve;
    Destination wanted = destination;
    if (std::filesystem::is_directory(path, ignored)) {
      wanted.named = std::filesystem::absolute(path).lexically_normal().string();
      live_.reset();  // and with it a daemon of ours
      if (!IsTrained(path) && !DaemonAnswers(path))
        serve = std::make_unique<ServeProcess>(wanted.named);
    }
    recording_.reset();
    is_remembered_ = false;
    live_ =
        std::make_unique<LiveScreen>(window_, std::move(wanted), std::move(serve), options_.mode);
  } catch (const std::runtime_error& error) {
    dialog_.Open(destination, ConnectionError(ConnectionError::Kind::kRefused, error.what()));
    dialog_is_open_ = true;
  }
}

void App::FollowConnection() {
  const ConnectionStatus& status = live_->model().connection();
  const bool failed = status.phase == ConnectionStatus::Phase::kFailed;
  if (failed && !dialog_is_open_) {
    dialog_.Open(live_->destination(), status.error);
    dialog_is_open_ = true;
    live_.reset();
    return;
  }
  const std::optional<v1::GetRunResponse>& answer = live_->model().run();
  if (!answer.has_value()) return;
  const v1::RunDescription& run = answer->description();
  window_.SetTitle(fmt::format("{} on {} - dqnview", run.name(), run.host()));
  if (is_remembered_) return;
  is_remembered_ = true;
  const Destination& destination = live_->destination();
  recent_.Add({destination.named, destination.fingerprint,
               dialog_.keep_token() ? destination.token : "", run.name()});
}

void App::Obey(const WindowWishes& wishes) {
  if (wishes.help) help_is_open_ = true;
  if (wishes.screenshot) TakeScreenshot();
  if (wishes.theme) {
    const bool dark = window_.theme().name() == ThemeName::kDark;
    window_.theme().Set(dark ? ThemeName::kLight : ThemeName::kDark);
  }
  if (wishes.connect) {
    dialog_.Open({}, std::nullopt);
    dialog_is_open_ = true;
  }
}

void App::TakeScreenshot() {
  const std::string name =
      fmt::format("dqnview-{:%Y%m%d-%H%M%S}.png", fmt::localtime(std::time(nullptr)));
  window_.TakeScreenshot(name, [this, name](const std::string& failure) {
    const std::string text = failure.empty() ? fmt::format("Screenshot in {}", name) : failure;
    if (live_ != nullptr) live_->ShowToast(text);
    if (recording_ != nullptr) recording_->ShowToast(text);
    window_.Wake();
  });
}

double App::TakePromisedScreenshot() {
  if (options_.screenshot.empty() || screenshot_is_taken_) return -1;
  const double left = options_.screenshot_after_seconds - ImGui::GetTime();
  if (left > 0) return left;
  screenshot_is_taken_ = true;
  window_.TakeScreenshot(options_.screenshot, [this](const std::string& failure) {
    failure_ = failure;
    window_.Close();
  });
  return -1;
}

void App::DrawDialog() {
  const ConnectDialog::Result result =
      dialog_.Draw(window_.theme(), live_ != nullptr || recording_ != nullptr);
  if (result.cancelled) dialog_is_open_ = false;
  if (result.connect.has_value()) Open(*result.connect);
}

double App::Draw() {
  ImGui::SetNextWindowPos(ImVec2(0, 0));
  ImGui::SetNextWindowSize(ImGui::GetIO().DisplaySize);
  ImGui::Begin("dqnview", nullptr,
               ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoBackground |
                   ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoSavedSettings |
                   ImGuiWindowFlags_NoBringToFrontOnFocus);
  double wanted = -1;
  const bool has_keyboard = !help_is_open_;
  if (live_ != nullptr) FollowConnection();
  if (dialog_is_open_) {
    DrawDialog();
  } else if (live_ != nullptr) {
    wanted = live_->Draw(has_keyboard);
    Obey(live_->TakeWishes());
    const std::optional<DecodedMoment>& shown = live_->moment();
    if (delays_ && shown) delays_->Drawn(shown->unix_nanoseconds);
  } else if (recording_ != nullptr) {
    window_.SetTitle(fmt::format("{} - dqnview", recording_->title()));
    wanted = recording_->Draw(has_keyboard);
    Obey(recording_->TakeWishes());
  }
  ImGui::Dummy(ImVec2(0, 0));  // something must lie where a screen has put the cursor last
  ImGui::End();
  if (help_is_open_) {
    const bool stays = DrawHelp(window_.theme());
    // Not by the key that has just opened it.
    help_is_open_ = stays && (has_keyboard || !AnyKey());
  }
  const double screenshot = TakePromisedScreenshot();
  if (screenshot >= 0) wanted = wanted >= 0 ? std::min(wanted, screenshot) : screenshot;
  return wanted;
}

}  // namespace dqnd
