#include "trainer/evaluation.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "base/random_stream.h"
#include "env_bridge/frame_stack.h"
#include "env_bridge/make_environment.h"

namespace dqnd {
namespace {

constexpr int64_t kLongestGameEnvSteps = 27'000;

template <typename T>
double Mean(const std::vector<T>& values) {
  if (values.empty()) return 0;
  return static_cast<double>(std::accumulate(values.begin(), values.end(), T{})) /
         static_cast<double>(values.size());
}

}  // namespace

std::optional<EvaluationResult> Evaluate(Policy& policy, const EnvironmentOptions& options,
                                         const EvaluationOptions& evaluation,
                                         const std::stop_token& stop,
                                         const std::function<void()>& before_env_step) {
  EnvironmentOptions whole_games = options;
  whole_games.life_loss = LifeLoss::kIgnore;
  const std::unique_ptr<Environment> environment = MakeEnvironment(whole_games);
  const ObservationSpec& spec = environment->spec().observation;
  const int num_actions = environment->spec().num_actions();
  const int64_t limit = environment->spec().max_episode_env_steps.value_or(kLongestGameEnvSteps);

  RandomStream random(evaluation.seed, evaluation.stream);
  std::optional<uint64_t> seed = random.NextUint64();
  FrameStack states(1, spec);
  std::vector<uint8_t> observation(spec.bytes());
  EvaluationResult result;
  for (int64_t episode = 0; episode < evaluation.episodes; ++episode) {
    environment->Reset(std::exchange(seed, std::nullopt));
    environment->Observe(observation);
    states.Begin(0, observation);
    double episode_return = 0;
    int64_t length = 0;
    for (bool over = false; !over && length < limit; ++length) {
      if (before_env_step) before_env_step();
      if (stop.stop_requested()) return std::nullopt;
      int action = 0;
      if (random.Uniform() < evaluation.eps) {
        action = static_cast<int>(random.Below(num_actions));
      } else {
        action = GreedyAction(policy.ActionValues(states.states()));
      }
      const StepResult step = environment->Step(action);
      environment->Observe(observation);
      states.Push(0, observation);
      episode_return += step.reward;
      over = step.done();
    }
    result.returns.push_back(episode_return);
    result.lengths.push_back(length);
  }
  return result;
}

double EvaluationResult::mean_return() const {
  return Mean(returns);
}

double EvaluationResult::mean_length() const {
  return Mean(lengths);
}

double EvaluationResult::return_deviation() const {
  if (returns.empty()) return 0;
  const double mean = mean_return();
  double squares = 0;
  for (double value : returns) squares += (value - mean) * (value - mean);
  return std::sqrt(squares / static_cast<double>(returns.size()));
}

double EvaluationResult::confidence95() const {
  if (returns.size() < 2) return 0;
  const auto n = static_cast<double>(returns.size());
  return 1.96 * return_deviation() * std::sqrt(n / (n - 1)) / std::sqrt(n);
}

}  // namespace dqnd
