#pragma once

#include <chrono>
#include <cstdint>
#include <stdexcept>

#include "dqnd/v1/environment.pb.h"

namespace dqnd {

// The worker is gone, silent, or talks nonsense. A new one may do better.
class WorkerLost : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
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
