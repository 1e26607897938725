#include "viewer/window/recording_screen.h"

#include <fmt/format.h>
#include <imgui.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "viewer/window/keys.h"
#include "viewer/window/number_text.h"
#include "viewer/window/widgets.h"

namespace dqnd {
namespace {

constexpr int64_t kJumpMicroseconds = 2'000'000;
constexpr double kToastSeconds = 3.5;

// "1:02.4".
std::string PositionText(int64_t microseconds) {
  const int64_t tenths = microseconds / 100'000;
  return fmt::format("{}:{:02}.{}", tenths / 600, tenths / 10 % 60, tenths % 10);
}

const char* SourceText(v1::RecordingSource source) {
  switch (source) {
    case v1::RECORDING_SOURCE_TRAINING:
      return "training";
    case v1::RECORDING_SOURCE_EXHIBITION:
      return "an exhibition game";
    case v1::RECORDING_SOURCE_EVALUATION:
      return "an evaluation";
    default:
      return "a game";
  }
}

}  // namespace

RecordingScreen::RecordingScreen(Window& window, const std::filesystem::path& path)
    : window_(window),
      title_(path.filename().string()),
      player_(path),
      view_(window.renderer()),
      input_(window.renderer()) {
  player_.Play();
}

void RecordingScreen::ShowToast(const std::string& text) {
  toast_ = text;
  toast_until_ = ImGui::GetTime() + kToastSeconds;
}

void RecordingScreen::TogglePlay() {
  if (player_.playing()) {
    player_.Pause();
  } else {
    player_.Play();
  }
}

void RecordingScreen::HandleKeys() {
  const ImGuiIO& io = ImGui::GetIO();
  wishes_.TakeKeys(window_);
  if (io.KeyCtrl) return;
  if (Pressed(ImGuiKey_S)) saliency_ = !saliency_;
  if (Pressed(ImGuiKey_Space)) TogglePlay();
  if (PressedOrHeld(ImGuiKey_Period)) player_.StepMoment(1);
  if (PressedOrHeld(ImGuiKey_Comma)) player_.StepMoment(-1);
  if (PressedOrHeld(ImGuiKey_RightArrow)) {
    player_.SeekTime(player_.time_microseconds() + kJumpMicroseconds);
  }
  if (PressedOrHeld(ImGuiKey_LeftArrow)) {
    player_.SeekTime(player_.time_microseconds() - kJumpMicroseconds);
  }
  if (Pressed(ImGuiKey_Home)) player_.SeekMoment(0);
  if (Pressed(ImGuiKey_End)) player_.SeekMoment(player_.recording().moments() - 1);
  if (Pressed(ImGuiKey_Equal) || Pressed(ImGuiKey_KeypadAdd)) player_.SetSpeed(player_.speed() * 2);
  if (Pressed(ImGuiKey_Minus) || Pressed(ImGuiKey_KeypadSubtract)) {
    player_.SetSpeed(player_.speed() / 2);
  }
}

double RecordingScreen::Draw(bool has_keyboard) {
  const double now = ImGui::GetTime();
  if (drawn_at_ > 0) player_.Advance(now - drawn_at_);
  drawn_at_ = now;
  if (has_keyboard) HandleKeys();

  const Theme& theme = window_.theme();
  const ImVec2 screen = ImGui::GetIO().DisplaySize;
  const float margin = theme.Px(14);
  const float gap = theme.Px(12);
  const float header = theme.Px(32);
  const float inner = screen.x - 2 * margin;
  const float side =
      screen.x >= theme.Px(860) ? std::clamp(inner * 0.3f, theme.Px(310), theme.Px(430)) : 0;
  const float main = side > 0 ? inner - side - gap : inner;
  const float body = screen.y - 2 * margin - header - gap;
  ImGui::SetCursorPos(ImVec2(margin, margin));
  DrawHeader(inner);

  if (now >= toast_until_) toast_.clear();
  StageContent content;
  content.moment = &player_.shown();
  content.pixel_aspect = player_.recording().header().environment().pixel_aspect();
  content.saliency = saliency_;
  content.empty_text = "No picture here";
  content.toast = toast_;
  content.banner = player_.remark();
  content.banner_colour = theme.colours().warning;
  content.controls = [this] { DrawControls(); };
  ImGui::SetCursorPos(ImVec2(margin, margin + header + gap));
  if (main >= 1 && body >= 1) DrawStage(theme, view_, content, main, body);
  if (side > 0) {
    ImGui::SetCursorPos(ImVec2(margin + main + gap, margin + header + gap));
    DrawSide(side, body);
  }
  const double next = player_.seconds_until_next().value_or(-1);
  if (!toast_.empty()) return next >= 0 ? std::min(next, 0.5) : 0.5;
  return next;
}

void RecordingScreen::DrawHeader(float width) {
  const Theme& theme = window_.theme();
  const float left = ImGui::GetCursorPosX();
  const float top = ImGui::GetCursorPosY();
  const v1::RecordingHeader& header = player_.recording().header();
  ImGui::SetCursorPosY(top + theme.Px(5));
  Text(theme, title_, Theme::kTitle, true);
  const std::string about =
      fmt::format("{}  ·  {}  ·  {} at env_step {}", header.run_name(), header.environment().id(),
                  SourceText(header.source()), GroupedText(header.env_steps()));
  if (width > theme.Px(800)) {
    ImGui::SameLine(0, theme.Px(14));
    ImGui::SetCursorPosY(top + theme.Px(9));
    ColouredText(theme, about, theme.colours().muted, Theme::kSmall);
  }
  ImGui::SetCursorPos(
      ImVec2(std::max(left, left + width - 3 * theme.Px(32) - 2 * theme.Px(8)), top));
  ImGui::BeginGroup();
  wishes_.DrawButtons(theme, "Connect to a daemon  [Ctrl O]");
  ImGui::EndGroup();
}

void RecordingScreen::DrawControls() {
  const Theme& theme = window_.theme();
  const bool playing = player_.playing();
  if (Button(theme, "back", Icon::kBackStep, "", "One moment back  [,]")) player_.StepMoment(-1);
  ImGui::SameLine();
  if (Button(theme, "play", playing ? Icon::kPause : Icon::kPlay, "",
             playing ? "Pause  [Space]" : "Play  [Space]", ButtonKind::kPrimary)) {
    TogglePlay();
  }
  ImGui::SameLine();
  if (Button(theme, "on", Icon::kStep, "", "One moment on  [.]")) player_.StepMoment(1);
  ImGui::SameLine(0, theme.Px(14));
  const std::string speed = SpeedText(player_.speed());
  const std::string position =
      fmt::format("{} / {}", PositionText(player_.time_microseconds()),
                  PositionText(player_.recording().duration_microseconds()));
  const float right = ImGui::GetContentRegionMax().x;
  const float tail = theme.Px(14) + TextSize(theme, position, Theme::kSmall).x + theme.Px(14) +
                     theme.Px(64) + theme.Px(32) + theme.Px(8);
  DrawScrubBar(std::max(theme.Px(40), right - ImGui::GetCursorPosX() - tail));
  ImGui::SameLine(0, theme.Px(14));
  const ImVec2 at = ImGui::GetCursorPos();
  ImGui::SetCursorPosY(at.y + theme.Px(8.5f));
  ColouredText(theme, position, theme.colours().muted, Theme::kSmall);
  ImGui::SameLine(0, theme.Px(14));
  ImGui::SetCursorPosY(at.y);
  if (Button(theme, "slower", Icon::kNone, "-", "Slower  [-]"))
    player_.SetSpeed(player_.speed() / 2);
  ImGui::SameLine(0, theme.Px(4));
  const ImVec2 speed_at = ImGui::GetCursorPos();
  const ImVec2 size = TextSize(theme, speed, Theme::kNormal);
  ImGui::SetCursorPos(
      ImVec2(speed_at.x + (theme.Px(32) - size.x) / 2, at.y + (theme.Px(32) - size.y) / 2));
  Text(theme, speed);
  ImGui::SameLine(speed_at.x + theme.Px(32) + theme.Px(4));
  ImGui::SetCursorPosY(at.y);
  if (Button(theme, "faster", Icon::kNone, "+", "Faster  [+]"))
    player_.SetSpeed(player_.speed() * 2);
}

void RecordingScreen::DrawScrubBar(float width) {
  const Theme& theme = window_.theme();
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float height = theme.Px(32);
  const auto duration =
      static_cast<double>(std::max<int64_t>(1, player_.recording().duration_microseconds()));
  ImGui::InvisibleButton("scrub", ImVec2(width, height));
  if (ImGui::IsItemActive()) {
    const double part =
        std::clamp(static_cast<double>((ImGui::GetMousePos().x - at.x) / width), 0.0, 1.0);
    player_.SeekTime(static_cast<int64_t>(part * duration));
  }
  const auto part = static_cast<float>(static_cast<double>(player_.time_microseconds()) / duration);
  const float middle = at.y + height / 2;
  const float half = theme.Px(2.5f);
  ImDrawList& list = *ImGui::GetWindowDrawList();
  list.AddRectFilled(ImVec2(at.x, middle - half), ImVec2(at.x + width, middle + half),
                     theme.colours().bar, half);
  list.AddRectFilled(ImVec2(at.x, middle - half), ImVec2(at.x + width * part, middle + half),
                     theme.colours().accent, half);
  list.AddCircleFilled(ImVec2(at.x + width * part, middle),
                       theme.Px(ImGui::IsItemHovered() || ImGui::IsItemActive() ? 8.0f : 6.5f),
                       theme.colours().accent);
}

void RecordingScreen::DrawSide(float width, float height) {
  const Theme& theme = window_.theme();
  ImGui::BeginChild("side", ImVec2(width, height));
  const auto& actions = player_.recording().header().environment().action_names();
  const DecodedMoment& shown = player_.shown();
  const float gap = theme.Px(12) - ImGui::GetStyle().ItemSpacing.y * 2;
  decision_.Draw(theme, {actions.begin(), actions.end()},
                 shown.step.has_value() ? &*shown.step : nullptr, width);
  ImGui::Dummy(ImVec2(0, gap));
  if (shown.network_input != nullptr) {  // recordings of dqnctl leave it out
    if (input_.Draw(theme, &shown, saliency_, width)) saliency_ = !saliency_;
    ImGui::Dummy(ImVec2(0, gap));
  }
  if (BeginCard(theme, "moment", "Moment", "", width)) {
    const float full = ImGui::GetContentRegionAvail().x;
    const float left = ImGui::GetCursorPosX();
    Value(theme, "Moment",
          fmt::format("{} of {}", player_.moment() + 1, player_.recording().moments()));
    if (shown.step.has_value()) {
      ImGui::SameLine(left + full / 3);
      Value(theme, "Return", fmt::format("{:g}", shown.step->return_so_far()));
      ImGui::SameLine(left + full * 2 / 3);
      Value(theme, "env_step", GroupedText(shown.step->episode_env_step()));
    }
  }
  EndCard();
  ImGui::EndChild();
}

}  // namespace dqnd
