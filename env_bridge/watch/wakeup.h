#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <utility>

namespace dqnd {

// How threads that have something new wake the one that looks for it. Safe for use by several
// threads at once; one waits.
class Wakeup {
 public:
  // The waiting thread's next or current WaitUntil returns.
  void Notify() {
    {
      const std::lock_guard lock(mutex_);
      if (std::exchange(notified_, true)) return;
    }
    changed_.notify_one();
  }

  // Returns at the next Notify since it returned last, at `deadline`, or when `stop` is requested.
  void WaitUntil(std::chrono::steady_clock::time_point deadline, const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    changed_.wait_until(lock, stop, deadline, [this] { return notified_; });
    notified_ = false;
  }

 private:
  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool notified_ = false;
};

}  // namespace dqnd
