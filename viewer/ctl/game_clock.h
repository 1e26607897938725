#pragma once

#include <cstdint>

#include "dqnd/v1/environment.pb.h"
#include "dqnd/v1/moment.pb.h"

namespace dqnd {

// Frames per second at which a game is shown, whatever its daemon says: 1 to 240, and 30 where that
// is no number.
double FramesPerSecond(const v1::EnvironmentSpec& environment);

// When each moment of an exhibition game happens in the game's own time, which is not the time at
// which an unpaced one arrives. A moment is one emulator frame; one that follows a decision at once
// is a whole decision, of a daemon that shows no frames in between.
//
// Owned and called by one thread.
class GameClock {
 public:
  explicit GameClock(const v1::EnvironmentSpec& environment);

  // Of the next moment: microseconds since the first.
  int64_t TimeOf(const v1::Moment& moment);

 private:
  const double frames_per_second_;
  const int64_t frame_skip_;
  int64_t frames_ = 0;
  bool is_first_ = true;
  bool follows_decision_ = false;
};

}  // namespace dqnd
