// What a cycle that is shown costs the training thread: WatchHub::Publish with every env_step due,
// to one subscriber and to ten.

#include <benchmark/benchmark.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "env_bridge/watch/watch_hub.h"

namespace dqnd {
namespace {

void Publish(benchmark::State& state, const std::string& id) {
  EnvironmentOptions options;
  options.id = id;
  const auto environments = MakeVectorEnvironment(options, 1);
  environments->Reset(std::vector<uint64_t>{1});
  const EnvironmentSpec& spec = environments->spec();
  const std::vector<int> actions = {0};
  environments->Step(actions);
  const std::vector<uint8_t> exploratory = {0};
  const std::vector<float> q_values(spec.num_actions(), 0.5f);
  const std::vector<uint8_t> states(static_cast<size_t>(spec.observation.stack) *
                                    spec.observation.bytes());
  const RunningEpisode episode;

  Wakeup news;
  WatchHub hub(1, news);
  std::vector<std::unique_ptr<WatchHub::Subscription>> subscriptions;
  subscriptions.reserve(state.range(0));
  for (int64_t i = 0; i < state.range(0); ++i) {
    subscriptions.push_back(hub.Subscribe({.environment_index = 0, .moments_per_second = 60}));
  }
  WatchHub::Clock::time_point now = WatchHub::Clock::now();
  for (auto _ : state) {
    hub.Publish({.environments = *environments,
                 .actions = actions,
                 .exploratory = exploratory,
                 .q_values = q_values,
                 .states = states,
                 .episodes = std::span(&episode, 1),
                 .env_steps = 1,
                 .epsilon = 0.1},
                now += std::chrono::milliseconds(17));
    for (const auto& subscription : subscriptions) subscription->Take();
  }
}

BENCHMARK_CAPTURE(Publish, minatar_breakout, "minatar:breakout")->Arg(1)->Arg(10);
BENCHMARK_CAPTURE(Publish, cartpole, "classic:cartpole")->Arg(1)->Arg(10);
BENCHMARK_CAPTURE(Publish, acrobot, "classic:acrobot")->Arg(1)->Arg(10);
BENCHMARK_CAPTURE(Publish, mountain_car, "classic:mountain_car")->Arg(1)->Arg(10);
BENCHMARK_CAPTURE(Publish, catch, "catch")->Arg(1)->Arg(10);
#ifdef DQND_WITH_ALE
BENCHMARK_CAPTURE(Publish, ale_breakout, "ale:breakout")->Arg(1)->Arg(10);
#endif

}  // namespace
}  // namespace dqnd
