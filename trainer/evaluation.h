#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "env_bridge/environment_options.h"
#include "env_bridge/policy.h"
#include "env_bridge/watch/moment_sink.h"

namespace dqnd {

struct EvaluationOptions {
  int64_t episodes = 10;
  double eps = 0.001;  // probability of a uniformly random action
  uint64_t seed = 1;
  // The random stream's name: the same seed and name play the same episodes. Periodic evaluations
  // are "evaluate/N", N counting from 1.
  std::string stream = "evaluate/1";
};

// Whole games, with raw rewards.
struct EvaluationResult {
  std::vector<double> returns;
  std::vector<int64_t> lengths;  // env_steps
  // What to play to see the same games: the seed of the first reset, and every action of all games.
  uint64_t environment_seed = 0;
  std::vector<int> actions = {};

  double mean_return() const;
  double return_deviation() const;  // of the population, as NumPy's std
  double mean_length() const;
  // Half the width of the mean's 95 % confidence interval: 1.96 standard errors.
  double confidence95() const;
};

// What else happens while an evaluation is played; none of it changes the result.
struct EvaluationHooks {
  // Before each env_step; may take its time. A stop requested in it counts at once.
  std::function<void()> before_env_step = {};
  // Gets every frame, with Q-values also of random env_steps; not owned.
  MomentSink* sink = nullptr;
  // Gets what people should know, a line each.
  std::function<void(const std::string&)> remark = {};
};

// Plays episodes of the environment, of its own and one after the other, with epsilon-greedy
// actions. Lost lives end nothing here: an episode is a whole game. A game without a limit of its
// own is cut after 27,000 env_steps (half an hour of Atari, as in Mnih et al. 2015), since a good
// agent may play on forever. An evaluation that loses an env_step (StepResult::lost) is discarded
// and played again. Returns nothing when `stop` was requested before the last episode ended; throws
// std::runtime_error when it is lost three times.
std::optional<EvaluationResult> Evaluate(Policy& policy, const EnvironmentOptions& environment,
                                         const EvaluationOptions& options,
                                         const std::stop_token& stop = {},
                                         const EvaluationHooks& hooks = {});

}  // namespace dqnd
