#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace dqnd {

// Wakes the thread that runs a command: rung by clients that have news, by Ctrl-C, and when the
// window was resized. All methods may be called by any thread; one thread waits.
class Bell {
 public:
  using Clock = std::chrono::steady_clock;

  void Ring() {
    const std::lock_guard lock(mutex_);
    rung_ = true;
    changed_.notify_all();
  }

  // Returns at the first ring since the last return, or at `moment`.
  void WaitUntil(Clock::time_point moment) {
    std::unique_lock lock(mutex_);
    changed_.wait_until(lock, moment, [this] { return rung_; });
    rung_ = false;
  }
  void Wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return rung_; });
    rung_ = false;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool rung_ = false;  // guarded by mutex_
};

}  // namespace dqnd
