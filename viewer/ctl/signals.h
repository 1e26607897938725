#pragma once

#include <atomic>
#include <stop_token>
#include <thread>

#include "viewer/ctl/bell.h"

namespace dqnd {

// While it lives, the first SIGINT, SIGTERM or SIGHUP requests a stop and rings the bell, and a
// resized window rings it, too. A second one ends the process at once, with the status that the
// shell gives a signal; within 0.2 s of the first it is the same request, since timeout(1) and some
// shells send two. Make it before any other thread, since threads inherit which signals they leave
// to it.
class Signals {
 public:
  explicit Signals(Bell& bell);
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  std::stop_token stop() const { return stop_.get_token(); }

 private:
  void Wait();

  Bell& bell_;
  std::stop_source stop_;
  std::atomic<bool> ending_ = false;
  std::jthread thread_;  // waits for signals; owns nothing
};

}  // namespace dqnd
