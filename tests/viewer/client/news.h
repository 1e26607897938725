#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>

#include "viewer/client/reconnector.h"

namespace dqnd {

// Wakes a test when a client has news, as it wakes a window.
class Bell {
 public:
  std::function<void()> Ringer() {
    return [this] {
      const std::lock_guard lock(mutex_);
      rung_ = true;
      changed_.notify_all();
    };
  }

  // Looks again at each ring until `done`; false when that takes more than ten seconds.
  bool WaitUntil(const std::function<bool()>& done) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!done()) {
      std::unique_lock lock(mutex_);
      if (!changed_.wait_until(lock, end, [this] { return rung_; })) return done();
      rung_ = false;
    }
    return true;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool rung_ = false;  // guarded by mutex_
};

// How to reach a daemon, as a person would name it.
inline Reconnector::Options Reach(const Address& address) {
  Reconnector::Options options;
  options.named = address.Text();
  options.token = address.token;
  options.first_wait = std::chrono::milliseconds(10);
  options.longest_wait = std::chrono::milliseconds(40);
  return options;
}

}  // namespace dqnd
