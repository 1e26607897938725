#include "env_bridge/rpc/rate_limits.h"

#include <algorithm>

namespace dqnd {

bool RateLimits::Pass(const std::string& client, Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  auto found = clients_.find(client);
  if (found == clients_.end()) {
    if (clients_.size() >= kMostClients) {
      clients_.erase(std::ranges::min_element(
          clients_, {}, [](const auto& each) { return each.second.last_call; }));
    }
    found = clients_.try_emplace(client, per_second_, now).first;
  }
  found->second.last_call = now;
  return found->second.limit.Pass(now);
}

}  // namespace dqnd
