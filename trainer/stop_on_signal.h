#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <thread>

namespace dqnd {

// While it lives, the first SIGINT or SIGTERM requests a stop, and so does a moment that StopAt
// names; a later signal ends the process at once with the status that the shell gives a signal. One
// that comes within 0.2 s of the first is the same request: timeout(1) and some shells send two.
// Make it before any other thread, since threads inherit which signals they leave to it.
class StopOnSignal {
 public:
  using Clock = std::chrono::steady_clock;

  StopOnSignal();
  ~StopOnSignal();
  StopOnSignal(const StopOnSignal&) = delete;
  StopOnSignal& operator=(const StopOnSignal&) = delete;

  // Called at most once.
  void StopAt(Clock::time_point moment);

  // Requests the stop; any thread.
  void RequestStop() { source_.request_stop(); }

  std::stop_token token() const { return source_.get_token(); }

  // Whether a signal, and not the moment, requested the stop.
  bool signalled() const { return signals_ > 0; }

 private:
  void Wait();

  std::stop_source source_;
  std::atomic<int> signals_ = 0;
  std::atomic<bool> ending_ = false;
  std::atomic<Clock::rep> stop_at_ = Clock::time_point::max().time_since_epoch().count();
  std::jthread thread_;  // waits for signals; owns nothing
};

}  // namespace dqnd
