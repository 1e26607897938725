#pragma once

#include <stop_token>
#include <thread>

namespace dqnd {

// While it lives, the first SIGINT or SIGTERM requests a stop and the second ends the process at
// once with the status that the shell gives a signal. Make it before any other thread, since
// threads inherit which signals they leave to it.
class StopOnSignal {
 public:
  StopOnSignal();
  ~StopOnSignal();
  StopOnSignal(const StopOnSignal&) = delete;
  StopOnSignal& operator=(const StopOnSignal&) = delete;

  std::stop_token token() const { return source_.get_token(); }

 private:
  void Wait();

  std::stop_source source_;
  std::jthread thread_;  // waits for signals; owns nothing
};

}  // namespace dqnd
