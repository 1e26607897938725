#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <string>

#include "env_bridge/rpc/rate_limit.h"

namespace dqnd {

// A RateLimit for each client, so that one that calls too often takes nothing from others. When
// too many clients come to be remembered, the one whose last call is longest ago begins anew. Safe
// for use by several threads at once.
class RateLimits {
 public:
  using Clock = RateLimit::Clock;

  static constexpr size_t kMostClients = 256;

  explicit RateLimits(double per_second) : per_second_(per_second) {}

  // Whether one more call of that client may pass. `now` is for tests.
  bool Pass(const std::string& client, Clock::time_point now = Clock::now());

 private:
  struct Client {
    Client(double per_second, Clock::time_point now) : limit(per_second, now), last_call(now) {}

    RateLimit limit;
    Clock::time_point last_call;
  };

  const double per_second_;
  std::mutex mutex_;  // guards what follows
  std::map<std::string, Client> clients_;
};

}  // namespace dqnd
