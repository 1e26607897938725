#pragma once

#include <cstdint>

namespace dqnd {

// What an episode brought so far, or in all.
struct RunningEpisode {
  double total_reward = 0;  // of raw rewards
  int64_t length_env_steps = 0;
};

}  // namespace dqnd
