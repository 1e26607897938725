#include "viewer/window/help_overlay.h"

#include <algorithm>
#include <span>

#include "viewer/window/widgets.h"

namespace dqnd {
namespace {

struct KeyLine {
  const char* keys;
  const char* does;
};

constexpr KeyLine kEverywhere[] = {
    {"Tab", "Training or exhibition"},
    {"S", "Saliency: what matters to the network"},
    {"R", "Record to a .dqnrec file, or end it"},
    {"F12", "Screenshot, as a PNG file"},
    {"Ctrl L", "Light or dark"},
    {"Ctrl O", "Connect to another daemon"},
    {"F11", "Full screen"},
    {"F1 or ?", "This page"},
};
constexpr KeyLine kTraining[] = {
    {"Space", "Pause the run, or go on"},
    {".", "Play one cycle of a paused run"},
    {"C", "Write a checkpoint"},
    {"Ctrl E", "End the run"},
    {"[  ]", "Another of the parallel environments"},
};
constexpr KeyLine kExhibition[] = {
    {"T", "Take over, or give back"},
    {"Arrows, Space", "Play: move and fire"},
    {"1 ... 9, 0", "Play: an action by its number"},
    {"P", "Pause the game, or go on"},
    {".", "One decision"},
    {"+  -", "Faster, slower: 1/8 to 32 times"},
    {"Backspace", "Back three seconds"},
    {"N", "A new game"},
};
constexpr KeyLine kRecording[] = {
    {"Space", "Play or pause"},
    {".  ,", "One moment on or back"},
    {"Left, Right", "Two seconds back or on"},
    {"Home, End", "To the beginning or the end"},
    {"+  -", "Faster, slower"},
};

void Section(const Theme& theme, const char* title, std::span<const KeyLine> lines) {
  ImGui::BeginGroup();
  ColouredText(theme, title, theme.colours().accent, Theme::kSmall, true);
  const float left = ImGui::GetCursorPosX();
  for (const KeyLine& line : lines) {
    Text(theme, line.keys, Theme::kSmall + 0.5f, true);
    ImGui::SameLine();
    ImGui::SetCursorPosX(left + theme.Px(118));
    ColouredText(theme, line.does, theme.colours().muted, Theme::kSmall + 0.5f);
  }
  ImGui::Dummy(ImVec2(theme.Px(350), theme.Px(8)));
  ImGui::EndGroup();
}

}  // namespace

bool DrawHelp(const Theme& theme) {
  const ImVec2 screen = ImGui::GetIO().DisplaySize;
  const ImVec2 size(std::min(theme.Px(800), screen.x), std::min(theme.Px(400), screen.y));
  ImGui::SetNextWindowPos(ImVec2(0, 0));
  ImGui::SetNextWindowSize(screen);
  ImGui::PushStyleColor(ImGuiCol_WindowBg, IM_COL32(8, 10, 14, 140));
  ImGui::Begin(
      "help", nullptr,
      ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoSavedSettings | ImGuiWindowFlags_NoMove);
  ImGui::PopStyleColor();
  ImGui::SetCursorPos(ImVec2((screen.x - size.x) / 2, (screen.y - size.y) / 2));
  if (BeginCard(theme, "keys", "Keys", "any key closes", size.x, size.y)) {
    const float left = ImGui::GetCursorPosX();
    const float top = ImGui::GetCursorPosY() + theme.Px(6);
    const float second = left + (size.x - theme.Px(28)) / 2;
    ImGui::SetCursorPosY(top);
    Section(theme, "EVERYWHERE", kEverywhere);
    Section(theme, "TRAINING", kTraining);
    ImGui::SetCursorPos(ImVec2(second, top));
    Section(theme, "EXHIBITION", kExhibition);
    ImGui::SetCursorPosX(second);
    Section(theme, "RECORDING", kRecording);
  }
  EndCard();
  const bool clicked = ImGui::IsMouseClicked(ImGuiMouseButton_Left);
  ImGui::End();
  return !clicked;
}

}  // namespace dqnd
