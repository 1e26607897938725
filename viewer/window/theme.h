#pragma once

#include <imgui.h>

namespace dqnd {

enum class ThemeName { kLight, kDark };

// The colours, fonts and measures of the window. Everything that draws takes them from here.
//
// Owned by the window's thread, after ImGui's context was made.
class Theme {
 public:
  struct Colours {
    ImU32 background;
    ImU32 card;
    ImU32 raised;  // of buttons and fields on a card
    ImU32 hovered;
    ImU32 border;
    ImU32 text;
    ImU32 muted;      // of labels
    ImU32 accent;     // of the agent's own choice, curves, progress
    ImU32 on_accent;  // of text on it
    ImU32 random;     // of an exploratory action
    ImU32 person;     // of a person's
    ImU32 good;
    ImU32 warning;
    ImU32 danger;
    ImU32 bar;    // of a Q-value that was not chosen
    ImU32 stage;  // behind the game
  };

  // Loads Inter, where it is installed; ImGui's own font otherwise.
  Theme(ThemeName name, float scale);

  // Takes effect with the next frame.
  void Set(ThemeName name);
  ThemeName name() const { return name_; }
  // Screen pixels for one unit of layout.
  void SetScale(float scale);

  const Colours& colours() const { return colours_; }
  // A measure of layout in screen pixels.
  float Px(float units) const { return units * scale_; }

  ImFont* regular() const { return regular_; }
  ImFont* strong() const { return strong_; }

  // Sizes of text, in units, for ImGui::PushFont.
  static constexpr float kSmall = 12.5f;
  static constexpr float kNormal = 14.5f;
  static constexpr float kTitle = 18.0f;
  static constexpr float kLarge = 26.0f;

 private:
  void Apply();

  ImFont* regular_ = nullptr;
  ImFont* strong_ = nullptr;
  ThemeName name_;
  float scale_;
  Colours colours_{};
};

// The colour with another opacity, 0 to 1.
ImU32 WithAlpha(ImU32 colour, float alpha);

}  // namespace dqnd
