#pragma once

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "env_bridge/ale/resize_area.h"

namespace dqnd {

// From emulator frames to the picture that an agent sees: grey, then the maximum of an env_step's
// last two frames, then shrunk to a square; byte for byte what Gymnasium 1.4's AtariPreprocessing
// gives, its habits included:
// - a frame counts only when the env_step goes on after it, so the last picture of a game is made
// of
//   what was kept before the end, not of the frame that ended it;
// - the maximum replaces the newest frame, so such a last picture can show the previous env_step;
// - with frame_skip 1 there is no maximum.
//
// Owned and called by one thread at a time. Allocates nothing after construction.
class AtariPreprocessing {
 public:
  // Sizes in pixels; throws std::invalid_argument as AreaResizer does.
  AtariPreprocessing(int screen_height, int screen_width, int screen_size, int frame_skip);

  // The two frames that count, each [screen_height, screen_width].
  void KeepNewest(std::span<const uint8_t> frame) {
    assert(frame.size() == newest_frame_.size());
    std::ranges::copy(frame, newest_frame_.begin());
  }
  void KeepSecondNewest(std::span<const uint8_t> frame) {
    assert(frame.size() == second_newest_frame_.size());
    std::ranges::copy(frame, second_newest_frame_.begin());
  }

  // Makes the observation of a game's start out of the newest frame alone.
  void PresentFirst();
  // Makes the observation of an env_step that played out or ended early.
  void Present();

  // [screen_size, screen_size], the newest observation.
  std::span<const uint8_t> observation() const { return resizer_.shrunk(); }

  void SaveState(ByteWriter& writer) const;
  // Throws std::runtime_error when the state belongs to other sizes.
  void LoadState(ByteReader& reader);

 private:
  bool pools_;
  std::vector<uint8_t> newest_frame_;
  std::vector<uint8_t> second_newest_frame_;
  AreaResizer resizer_;
};

}  // namespace dqnd
