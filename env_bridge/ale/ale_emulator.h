#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "env_bridge/image.h"

namespace ale {
class ALEInterface;
}

namespace dqnd {

// An Atari 2600 with one game in it: ALE's C++ interface, one emulator frame at a time, with a
// state that continues identically elsewhere. Deterministic: the same calls after Reload() give the
// same frames and rewards, on any machine. Actions are ALE's numbers: 0 NOOP, 1 FIRE, 2 UP, ... 17
// DOWNLEFTFIRE.
//
// Owned and called by one thread at a time; several emulators may run in several threads.
class AleEmulator {
 public:
  // `rom` as CheckedRom gave it. A game is truncated after `max_frames_per_game` frames of Act.
  AleEmulator(const std::filesystem::path& rom, int max_frames_per_game);
  ~AleEmulator();

  AleEmulator(const AleEmulator&) = delete;
  AleEmulator& operator=(const AleEmulator&) = delete;

  // Switches the console off and on, as new, and begins a game: 0.1 s, unless it is as new already.
  void Reload();

  // Begins a new game. The console's memory begins with other noise each time; the noise is the
  // same after every Reload.
  void NewGame();

  // Plays one frame and returns its reward; once the game is over or truncated does nothing.
  int Act(int action);

  bool game_over() const;
  bool truncated() const;  // the game reached max_frames_per_game
  int lives() const;       // 0 in games that do not count them

  // The actions that the game uses, in ALE's order.
  std::vector<int> MinimalActions() const;
  // NOOP, FIRE, UP, ... as ALE and Gymnasium name them.
  static std::string ActionName(int action);

  int screen_height() const { return screen_height_; }  // pixels; 210 for most games
  int screen_width() const { return screen_width_; }    // 160

  // The newest frame in ALE's grey values: [screen_height, screen_width]. It holds until the next
  // call.
  std::span<const uint8_t> GrayScreen();

  // The newest frame in the console's colours, with ALE's NTSC palette of 256.
  void Render(Image& image) const;

  // The newest frame and what the future ones depend on. ALE's own state has no screen: until the
  // next Act, a restored ALE shows what it showed before, so that the screen is saved beside it.
  void SaveState(ByteWriter& writer) const;
  // REQUIRES: SaveState of an emulator with the same ROM and max_frames_per_game. Throws
  // std::runtime_error when ALE cannot read it.
  void LoadState(ByteReader& reader);

 private:
  const std::filesystem::path rom_;
  std::unique_ptr<ale::ALEInterface> ale_;
  bool as_new_ = false;  // nothing happened since Reload
  int screen_height_ = 0;
  int screen_width_ = 0;
  // By ALE's colour numbers, which are even.
  std::array<uint8_t, 256> gray_of_pixel_{};
  // The screen as GrayScreen saw it last: ALE's colour numbers, and their grey values.
  std::vector<uint8_t> seen_screen_, gray_screen_;
  std::array<uint8_t, size_t{256} * 3> palette_{};
};

}  // namespace dqnd
