// One env_step of each environment with uniformly random actions, its observation and the resets
// that fall in it included; and one picture of a moment for people.

#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "base/random_stream.h"
#include "env_bridge/make_environment.h"

namespace dqnd {
namespace {

void Step(benchmark::State& state, const std::string& id) {
  EnvironmentOptions options;
  options.id = id;
  const std::unique_ptr<Environment> environment = MakeEnvironment(options);
  RandomStream random(1, "actions");
  std::vector<uint8_t> observation(environment->spec().observation.bytes());
  environment->Reset(1);
  for (auto _ : state) {
    const StepResult result =
        environment->Step(static_cast<int>(random.Below(environment->spec().num_actions())));
    if (result.done()) environment->Reset();
    environment->Observe(observation);
    benchmark::DoNotOptimize(observation.data());
  }
  state.SetItemsProcessed(state.iterations());
}

void Render(benchmark::State& state, const std::string& id) {
  EnvironmentOptions options;
  options.id = id;
  const std::unique_ptr<Environment> environment = MakeEnvironment(options);
  environment->Reset(1);
  Image image;
  for (auto _ : state) {
    environment->Render(image);
    benchmark::DoNotOptimize(image.pixels.data());
  }
  state.SetItemsProcessed(state.iterations());
}

BENCHMARK_CAPTURE(Step, minatar_breakout, "minatar:breakout");
BENCHMARK_CAPTURE(Step, minatar_seaquest, "minatar:seaquest");
BENCHMARK_CAPTURE(Step, cartpole, "classic:cartpole");
BENCHMARK_CAPTURE(Step, catch, "catch");
BENCHMARK_CAPTURE(Render, minatar_seaquest, "minatar:seaquest");
BENCHMARK_CAPTURE(Render, cartpole, "classic:cartpole");
BENCHMARK_CAPTURE(Render, acrobot, "classic:acrobot");
BENCHMARK_CAPTURE(Render, mountain_car, "classic:mountain_car");
#ifdef DQND_WITH_ALE
BENCHMARK_CAPTURE(Step, ale_breakout, "ale:breakout")->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(Step, ale_pong, "ale:pong")->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(Render, ale_breakout, "ale:breakout");
#endif

}  // namespace
}  // namespace dqnd
