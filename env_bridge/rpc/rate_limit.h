#pragma once

#include <algorithm>
#include <chrono>
#include <mutex>

namespace dqnd {

// Lets through so many calls a second in the mean and as many at once: a token bucket. Safe for use
// by several threads at once.
class RateLimit {
 public:
  using Clock = std::chrono::steady_clock;

  // `now`, here and in Pass, is for tests.
  explicit RateLimit(double per_second, Clock::time_point now = Clock::now())
      : per_second_(per_second), last_(now), left_(per_second) {}

  // Whether one more call may pass.
  bool Pass(Clock::time_point now = Clock::now()) {
    const std::lock_guard lock(mutex_);
    const double seconds = std::chrono::duration<double>(now - last_).count();
    last_ = now;
    left_ = std::min(per_second_, left_ + seconds * per_second_);
    if (left_ < 1) return false;
    left_ -= 1;
    return true;
  }

 private:
  const double per_second_;
  std::mutex mutex_;
  Clock::time_point last_;
  double left_;
};

}  // namespace dqnd
