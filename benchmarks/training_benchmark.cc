// Acting, updates and whole cycles, of binarized networks, too. train.threads is the environment
// variable DQND_THREADS, 1 when it is unset.

#include <ATen/Parallel.h>
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "trainer/dqn.h"
#include "trainer/machine.h"

namespace dqnd {
namespace {

Config Workload(const std::string& name, const std::string& network = "") {
  const bool atari = name == "ale:breakout", vector = name == "classic:cartpole";
  std::string yaml = "environment: {id: \"" + name + "\"}\nreplay: {buffer_size: 5000}\n";
  yaml += "train: {learning_starts: 1000" + std::string(atari ? ", train_freq: 4" : "") + "}\n";
  yaml += "exploration: {initial_eps: 0.05, final_eps: 0.05}\n";
  yaml += std::string("network: {architecture: ") +
          (atari    ? "nature_cnn"
           : vector ? "mlp"
                    : "minatar_cnn") +
          network + "}\n";
  yaml += atari || vector ? "optimizer: {name: adam, learning_rate: 1.0e-4}\n"
                          : "optimizer: {alpha: 0.95, epsilon: 0.01, centered: true}\n";
  Config config = ParseConfig(yaml, name);
  const char* threads = std::getenv("DQND_THREADS");
  config.train.threads = threads ? std::atoi(threads) : 1;
  return config;
}

void SetUp(const Config& config) {
  KeepFreedMemory();
  at::set_num_threads(static_cast<int>(*config.train.threads));
}

// An agent that has begun to learn.
std::unique_ptr<Dqn> Started(const Config& config) {
  SetUp(config);
  auto dqn = std::make_unique<Dqn>(config);
  while (dqn->updates() < 20) dqn->Cycle();
  return dqn;
}

void Act(benchmark::State& state, const std::string& workload) {
  const Config config = Workload(workload);
  const std::unique_ptr<Dqn> dqn = Started(config);
  const ObservationSpec& observation = dqn->environment().observation;
  const auto lanes = static_cast<size_t>(state.range(0));
  const std::vector<uint8_t> states(lanes * observation.stack * observation.bytes(), 1);
  for (auto _ : state) benchmark::DoNotOptimize(dqn->policy().ActionValues(states).data());
}

// `network`: more of its keys.
void Update(benchmark::State& state, const std::string& workload, const std::string& network = "",
            LearnerKind learner_kind = LearnerKind::kDirect) {
  Config config = Workload(workload, network);
  config.train.learner = learner_kind;
  const std::unique_ptr<Dqn> dqn = Started(config);
  RandomStream init(1, "init"), sample(1, "sample");
  ThreadTeam team(static_cast<int>(config.train.threads.value_or(1)));
  const std::unique_ptr<Learner> learner = MakeLearner(config, dqn->environment(), init, team);
  Batch batch;
  dqn->replay().Sample(32, 1, sample, batch);
  for (auto _ : state) benchmark::DoNotOptimize(learner->Update(batch).loss);
}

void Cycle(benchmark::State& state, const std::string& workload) {
  const std::unique_ptr<Dqn> dqn = Started(Workload(workload));
  for (auto _ : state) dqn->Cycle();
  state.SetItemsProcessed(state.iterations());  // env_steps
}

BENCHMARK_CAPTURE(Act, minatar, "minatar:breakout")->Arg(1)->Arg(8)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(Update, minatar, "minatar:breakout")->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(Update, minatar_reference, "minatar:breakout", "", LearnerKind::kReference)
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(Update, minatar_binary_connect, "minatar:breakout", ", backend: binary_connect")
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(Update, minatar_bnn, "minatar:breakout", ", backend: bnn")
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(Update, minatar_xnor_net, "minatar:breakout", ", backend: xnor_net")
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(Cycle, minatar, "minatar:breakout")->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(Act, cartpole, "classic:cartpole")->Arg(1)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(Update, cartpole, "classic:cartpole")->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(Cycle, cartpole, "classic:cartpole")->Unit(benchmark::kMicrosecond);
#ifdef DQND_WITH_ALE
BENCHMARK_CAPTURE(Act, atari, "ale:breakout")->Arg(1)->Arg(8)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(Update, atari, "ale:breakout")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(Update, atari_reference, "ale:breakout", "", LearnerKind::kReference)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(Update, atari_binary_connect, "ale:breakout", ", backend: binary_connect")
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(Update, atari_bnn, "ale:breakout", ", backend: bnn")
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(Update, atari_xnor_net, "ale:breakout", ", backend: xnor_net")
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(Cycle, atari, "ale:breakout")->Unit(benchmark::kMillisecond);
#endif

}  // namespace
}  // namespace dqnd
