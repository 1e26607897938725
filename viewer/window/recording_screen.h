#pragma once

#include <filesystem>
#include <string>

#include "viewer/client/recording_player.h"
#include "viewer/window/decision_card.h"
#include "viewer/window/game_view.h"
#include "viewer/window/input_card.h"
#include "viewer/window/stage.h"
#include "viewer/window/window.h"
#include "viewer/window/window_wishes.h"

namespace dqnd {

// A recording that is played: the game and its decisions, a bar to scrub, steps and speeds.
//
// Owned and called by the window's thread.
class RecordingScreen {
 public:
  // Throws std::runtime_error as RecordingPlayer does.
  RecordingScreen(Window& window, const std::filesystem::path& path);

  // As LiveScreen.
  double Draw(bool has_keyboard);

  const std::string& title() const { return title_; }
  void ShowToast(const std::string& text);

  WindowWishes TakeWishes() { return std::exchange(wishes_, {}); }

 private:
  void HandleKeys();
  void DrawHeader(float width);
  void DrawControls();
  void DrawScrubBar(float width);
  void DrawSide(float width, float height);
  void TogglePlay();

  Window& window_;
  const std::string title_;
  RecordingPlayer player_;
  GameView view_;
  DecisionCard decision_;
  InputCard input_;
  double drawn_at_ = 0;  // by ImGui's clock
  bool saliency_ = true;
  std::string toast_;
  double toast_until_ = 0;
  WindowWishes wishes_;
};

}  // namespace dqnd
