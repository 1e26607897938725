#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <stop_token>

#include "env_bridge/environment_options.h"

namespace dqnd {

// Plays an environment until `decide` was asked about `states` states: it gets each state, [stack,
// observation bytes], and returns Q(s, .), of which the greedy action is taken but for every 20th
// env_step on average, so that states off the beaten track come, too. The same seed plays the same.
// Returns false when `stop` was requested first.
bool PlayStates(const EnvironmentOptions& environment, int64_t states, uint64_t seed,
                const std::function<std::span<const float>(std::span<const uint8_t>)>& decide,
                const std::stop_token& stop);

}  // namespace dqnd
