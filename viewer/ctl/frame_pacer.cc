#include "viewer/ctl/frame_pacer.h"

#include <algorithm>
#include <cmath>

namespace dqnd {

FramePacer::FramePacer(double frames_per_second, double speed)
    : frames_per_second_(frames_per_second), speed_(speed) {}

int64_t FramePacer::TimeOfFrame(int64_t frame) const {
  return std::llround(static_cast<double>(frame) * 1e6 * speed_ / frames_per_second_);
}

int64_t FramePacer::FramesUntil(int64_t time_microseconds) {
  if (newest_microseconds_ < 0) {
    newest_microseconds_ = 0;
    cut_microseconds_ = time_microseconds;  // a video begins with its first picture
    return 0;
  }
  const int64_t passed = time_microseconds - cut_microseconds_ - newest_microseconds_;
  const int64_t shown = std::clamp<int64_t>(passed, 0, kLongestStillMicroseconds);
  cut_microseconds_ += passed - shown;
  newest_microseconds_ += shown;
  int64_t count = 0;
  for (; TimeOfFrame(frames_) < newest_microseconds_; ++frames_) ++count;
  return count;
}

int64_t FramePacer::FramesAtEnd() {
  if (newest_microseconds_ < 0) return 0;
  const bool is_due = frames_ == 0 || TimeOfFrame(frames_) <= newest_microseconds_;
  if (is_due) ++frames_;
  return is_due ? 1 : 0;
}

}  // namespace dqnd
