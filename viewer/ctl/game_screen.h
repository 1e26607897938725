#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dqnd/v1/environment.pb.h"
#include "viewer/client/moment_decoder.h"
#include "viewer/ctl/terminal.h"

namespace dqnd {

// What `dqnctl watch` shows: the game in half blocks, as large as fits, and three lines below it.
struct GameContent {
  std::string title;  // the run
  std::string about;  // the game
  std::optional<DecodedMoment> moment;
};

// The rows of a terminal of that size, top to bottom; at most size.rows. With less than four rows
// there is no game, only lines.
std::vector<std::string> GameRows(const v1::EnvironmentSpec& environment,
                                  const GameContent& content, const TerminalSize& size,
                                  ColourDepth depth);

// What a terminal that shows `shown` must be sent so that it shows `wanted`: only rows that differ.
std::string Repainting(const std::vector<std::string>& shown,
                       const std::vector<std::string>& wanted);

// The terminal on standard output while a game is watched; as it was before when destroyed.
//
// Owned and called by one thread.
class GameScreen {
 public:
  GameScreen(v1::EnvironmentSpec environment, ColourDepth depth);

  // Draws, in the size that the window has now. Throws std::runtime_error when the terminal is
  // gone.
  void Draw(const GameContent& content);

 private:
  const v1::EnvironmentSpec environment_;
  const ColourDepth depth_;
  FullScreen full_screen_;
  TerminalSize size_;
  std::vector<std::string> shown_;
};

}  // namespace dqnd
