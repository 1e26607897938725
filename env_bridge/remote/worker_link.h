#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <stop_token>
#include <utility>

#include "dqnd/v1/environment.pb.h"

namespace dqnd {

// The worker is gone, silent, or talks nonsense. A new one may do better.
class WorkerLost : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// How long to wait: until a deadline, but only a few seconds more once the wait is given up, which
// a worker that is well keeps within.
class Patience {
 public:
  using Clock = std::chrono::steady_clock;

  Patience(Clock::time_point deadline, std::stop_token give_up)
      : end_(deadline), give_up_(std::move(give_up)) {}

  // Whether it is at its end; to be asked every kLook.
  bool IsOver() {
    if (!given_up_ && give_up_.stop_requested()) {
      given_up_ = true;
      end_ = std::min(end_, Clock::now() + kGrace);
    }
    return Clock::now() >= end_;
  }

  static constexpr std::chrono::milliseconds kLook{100};

 private:
  static constexpr std::chrono::seconds kGrace{3};

  Clock::time_point end_;
  const std::stop_token give_up_;
  bool given_up_ = false;
};

// A conversation with a worker that plays games (dqnd.v1.EnvironmentService): a request, its
// answer, the next request. After an exception it is over. Owned and called by one thread at a
// time.
class WorkerLink {
 public:
  using Clock = std::chrono::steady_clock;

  virtual ~WorkerLink() = default;

  // Throws WorkerLost.
  virtual void Send(const v1::PlayGamesRequest& request) = 0;

  // Waits for the answer. Throws WorkerLost, also when none has come by `deadline`.
  virtual void Receive(v1::PlayGamesResponse& response, Clock::time_point deadline) = 0;

  // Of a worker on this machine, as it stands; 0 where it is elsewhere.
  virtual int64_t resident_bytes() const { return 0; }
};

}  // namespace dqnd
