#pragma once

#include <imgui.h>

#include <span>
#include <string>
#include <string_view>

#include "viewer/window/theme.h"

namespace dqnd {

// The pieces that the window is made of; each looks the same everywhere. All within an ImGui frame.

enum class Icon {
  kNone,
  kPlay,
  kPause,
  kStep,
  kBackStep,
  kRewind,
  kRestart,
  kRecord,
  kStop,
  kSave,
  kCamera,
  kHand,
  kSun,
  kMoon,
  kPlug,
  kHelp,
  kEye,
};

void DrawIcon(ImDrawList& list, Icon icon, ImVec2 centre, float size, ImU32 colour);

// Text in a size and weight; the colour is the theme's text colour unless given.
void Text(const Theme& theme, std::string_view text, float size = Theme::kNormal,
          bool strong = false);
void ColouredText(const Theme& theme, std::string_view text, ImU32 colour,
                  float size = Theme::kNormal, bool strong = false);
ImVec2 TextSize(const Theme& theme, std::string_view text, float size, bool strong = false);

// A card: a rounded surface with a title and, at its right, a muted remark. `height` 0 takes what
// its content needs. Returns whether its content is worth drawing; EndCard belongs to it anyhow.
bool BeginCard(const Theme& theme, const char* id, std::string_view title, std::string_view remark,
               float width, float height = 0);
void EndCard();

// How a button looks.
enum class ButtonKind { kPlain, kPrimary, kDanger, kActive };

// A button with an icon, a label (may be empty) and a tooltip that also names its key.
bool Button(const Theme& theme, const char* id, Icon icon, std::string_view label,
            std::string_view tooltip, ButtonKind kind = ButtonKind::kPlain, bool enabled = true);

// One of several choices, side by side. Returns the choice.
int Segmented(const Theme& theme, const char* id, std::span<const std::string_view> choices,
              int chosen);

// A small coloured label with a dot.
void Pill(const Theme& theme, std::string_view text, ImU32 colour);

// A switch with a label; returns whether it was clicked.
bool Toggle(const Theme& theme, const char* id, std::string_view label, bool on,
            std::string_view tooltip);

// A bar that is full at 1.
void ProgressBar(const Theme& theme, float fraction, float width, float height, ImU32 colour);

// A muted label over a value.
void Value(const Theme& theme, std::string_view label, std::string_view value);

void Tooltip(const Theme& theme, std::string_view text);

}  // namespace dqnd
