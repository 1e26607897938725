#include "env_bridge/watch/moment.h"

#include <algorithm>
#include <chrono>

namespace dqnd {

void StepSummary::Add(double reward, bool was_exploratory, bool game_over) {
  Add({.env_steps = 1,
       .exploratory = was_exploratory ? 1 : 0,
       .reward_sum = reward,
       .reward_min = reward,
       .reward_max = reward,
       .games_over = game_over ? 1 : 0});
}

void StepSummary::Add(const ShownStep& step) {
  Add(step.result.reward, step.exploratory, step.result.game_over);
}

void StepSummary::Add(const StepSummary& other) {
  if (other.env_steps == 0) return;
  reward_min = env_steps == 0 ? other.reward_min : std::min(reward_min, other.reward_min);
  reward_max = env_steps == 0 ? other.reward_max : std::max(reward_max, other.reward_max);
  env_steps += other.env_steps;
  exploratory += other.exploratory;
  reward_sum += other.reward_sum;
  games_over += other.games_over;
}

int64_t UnixNanoseconds() {
  const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(since_1970).count();
}

}  // namespace dqnd
