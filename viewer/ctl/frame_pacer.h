#pragma once

#include <cstdint>

namespace dqnd {

// Turns pictures that come at any times into a video's frames, which follow each other evenly: each
// frame shows the newest picture of its time. A picture that nothing follows for ten seconds, as in
// a game that stood still, is shown for ten seconds.
//
// Owned and called by one thread.
class FramePacer {
 public:
  static constexpr int64_t kLongestStillMicroseconds = 10'000'000;

  // `speed` 2 shows two seconds of the pictures' time in one of the video's. REQUIRES: both are
  // positive and finite.
  FramePacer(double frames_per_second, double speed);

  // A picture of this time comes; how many frames the one before it still fills. Times ascend.
  int64_t FramesUntil(int64_t time_microseconds);

  // No more pictures; how many frames the last one fills: 1 or, where the video is already as long
  // as the pictures were, 0. A single picture fills 1.
  int64_t FramesAtEnd();

 private:
  int64_t TimeOfFrame(int64_t frame) const;

  const double frames_per_second_;
  const double speed_;
  int64_t frames_ = 0;                // so far
  int64_t newest_microseconds_ = -1;  // of the newest picture, less what was cut; -1: there is none
  int64_t cut_microseconds_ = 0;
};

}  // namespace dqnd
