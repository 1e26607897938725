#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "env_bridge/environment.h"
#include "env_bridge/image.h"

namespace dqnd {

// One env_step as people see it; the same as Step of the RPC contract, which says more of each
// member.
struct ShownStep {
  int64_t env_step = 0;
  int64_t episode_env_step = 0;
  int action = 0;
  bool exploratory = false;
  bool by_person = false;
  std::vector<float> q_values;  // [actions], or empty
  double return_so_far = 0;
  double epsilon = 0;
  StepResult result;
};

// Env_steps that are not shown one by one.
struct StepSummary {
  int64_t env_steps = 0;
  int64_t exploratory = 0;
  double reward_sum = 0;
  double reward_min = 0;  // 0 when there are none
  double reward_max = 0;  // 0 when there are none
  int64_t games_over = 0;

  void Add(double reward, bool was_exploratory, bool game_over);
  void Add(const ShownStep& step);
  void Add(const StepSummary& other);
  friend bool operator==(const StepSummary&, const StepSummary&) = default;
};

// One moment of a game: its picture, the env_step that led there, and the state that the env_step
// was chosen in.
struct Moment {
  Image picture;
  std::optional<ShownStep> step;  // none between two decisions, and at a game's start
  std::vector<uint8_t> state;     // [stack, observation bytes], or empty
  int64_t unix_nanoseconds = 0;
};

// Nanoseconds since 1970.
int64_t UnixNanoseconds();

}  // namespace dqnd
