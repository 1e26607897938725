#include "trainer/evaluation.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#include "base/random_stream.h"
#include "env_bridge/frame_stack.h"
#include "env_bridge/make_environment.h"

namespace dqnd {
namespace {

constexpr int64_t kLongestGameEnvSteps = 27'000;
constexpr int kMostLosses = 3;

template <typename T>
double Mean(const std::vector<T>& values) {
  if (values.empty()) return 0;
  return static_cast<double>(std::accumulate(values.begin(), values.end(), T{})) /
         static_cast<double>(values.size());
}

// Shows a game to a sink: every frame between decisions by itself, the others when told.
class Camera {
 public:
  Camera(Environment& environment, MomentSink& sink) : environment_(environment), sink_(sink) {
    environment_.SetFrameObserver([this] { Take(); });
  }
  Camera(const Camera&) = delete;
  Camera& operator=(const Camera&) = delete;

  void Take(std::optional<ShownStep> step = std::nullopt) {
    environment_.Render(moment_.picture);
    moment_.step = std::move(step);
    moment_.unix_nanoseconds = UnixNanoseconds();
    sink_.Show(moment_);
  }

 private:
  Environment& environment_;
  MomentSink& sink_;
  Moment moment_;
};

enum class Ending { kComplete, kStopped, kLost };

// All episodes once, from the first seed on.
Ending PlayOnce(Policy& policy, Environment& environment, const EvaluationOptions& evaluation,
                const std::stop_token& stop, const EvaluationHooks& hooks, Camera* camera,
                EvaluationResult& result) {
  const ObservationSpec& spec = environment.spec().observation;
  const int num_actions = environment.spec().num_actions();
  const int64_t limit = environment.spec().max_episode_env_steps.value_or(kLongestGameEnvSteps);
  RandomStream random(evaluation.seed, evaluation.stream);
  std::optional<uint64_t> seed = random.NextSeed();
  FrameStack states(1, spec);
  std::vector<uint8_t> observation(spec.bytes());
  result = {.returns = {}, .lengths = {}, .environment_seed = *seed, .actions = {}};
  for (int64_t episode = 0; episode < evaluation.episodes; ++episode) {
    environment.Reset(std::exchange(seed, std::nullopt));
    environment.Observe(observation);
    states.Begin(0, observation);
    if (camera != nullptr) camera->Take();
    double episode_return = 0;
    int64_t length = 0;
    for (bool over = false; !over && length < limit; ++length) {
      if (hooks.before_env_step) hooks.before_env_step();
      if (stop.stop_requested()) return Ending::kStopped;
      const bool exploratory = random.Uniform() < evaluation.eps;
      int action = exploratory ? static_cast<int>(random.Below(num_actions)) : 0;
      std::span<const float> values;
      if (!exploratory || camera != nullptr) values = policy.ActionValues(states.states());
      if (!exploratory) action = GreedyAction(values);
      result.actions.push_back(action);
      const StepResult step = environment.Step(action);
      if (step.lost) return stop.stop_requested() ? Ending::kStopped : Ending::kLost;
      environment.Observe(observation);
      states.Push(0, observation);
      episode_return += step.reward;
      over = step.done();
      if (camera != nullptr) {
        camera->Take(ShownStep{.env_step = length,
                               .episode_env_step = length + 1,
                               .action = action,
                               .exploratory = exploratory,
                               .q_values = {values.begin(), values.end()},
                               .return_so_far = episode_return,
                               .epsilon = evaluation.eps,
                               .result = step});
      }
    }
    result.returns.push_back(episode_return);
    result.lengths.push_back(length);
  }
  return Ending::kComplete;
}

}  // namespace

std::optional<EvaluationResult> Evaluate(Policy& policy, const EnvironmentOptions& options,
                                         const EvaluationOptions& evaluation,
                                         const std::stop_token& stop,
                                         const EvaluationHooks& hooks) {
  const std::unique_ptr<Environment> environment = MakeEnvironment(options.OfWholeGames());
  const std::stop_callback give_up(stop, [&environment] { environment->GiveUp(); });
  std::optional<Camera> camera;
  if (hooks.sink != nullptr) camera.emplace(*environment, *hooks.sink);
  for (int losses = 0; losses < kMostLosses; ++losses) {
    EvaluationResult result;
    const Ending ending = PlayOnce(policy, *environment, evaluation, stop, hooks,
                                   camera ? &*camera : nullptr, result);
    for (const std::string& remark : environment->TakeRemarks()) {
      if (hooks.remark) hooks.remark("in an evaluation: " + remark);
    }
    if (ending == Ending::kStopped) return std::nullopt;
    if (ending == Ending::kComplete) return result;
  }
  throw std::runtime_error(
      fmt::format("an evaluation was lost {} times, with its worker", kMostLosses));
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
