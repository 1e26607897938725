// Where the time of a training cycle goes, beside what this machine could not do it faster than:
//
//   parts [--threads N] [--bfloat16] [--json] [WORKLOAD...]     breakout, minatar, cartpole
//
// A part's floor is its arithmetic at the rate of the best matrix product that was measured just
// before, or its memory traffic at the bandwidth of a plain pass over as many bytes, whichever
// takes longer. Prints a table, and the same as lines of JSON where --json is given.

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/thread_team.h"
#include "trainer/dqn.h"
#include "trainer/kernels/products.h"
#include "trainer/learner/optimizer.h"
#include "trainer/machine.h"
#include "trainer/network/computation.h"

namespace dqnd {
namespace {

using Clock = std::chrono::steady_clock;

// Seconds of one call, the median of many.
double Seconds(const std::function<void()>& work, double budget = 0.4) {
  std::vector<double> seconds;
  for (int i = 0; i < 3; ++i) work();
  for (double total = 0; total < budget || seconds.size() < 9;) {
    const auto began = Clock::now();
    work();
    seconds.push_back(std::chrono::duration<double>(Clock::now() - began).count());
    total += seconds.back();
  }
  std::ranges::nth_element(seconds, seconds.begin() + seconds.size() / 2);
  return seconds[seconds.size() / 2];
}

// The rate of the best product, in operations a second (an addition and a multiplication are two).
template <typename Number>
double BestRate(ThreadTeam& team) {
  constexpr int64_t kRows = 60, kColumns = 64, kLength = 256, kTimes = 64;
  const std::vector<Number> a(kRows * kLength), b(kLength * kColumns);
  std::vector<std::vector<float>> c(team.size(), std::vector<float>(kRows * kColumns));
  const double seconds = Seconds([&] {
    team.For(team.size(), [&](int64_t i) {
      for (int64_t time = 0; time < kTimes; ++time) {
        Compute(ProductSum<Number>{.rows = kRows,
                                   .columns = kColumns,
                                   .steps = kLength / kTerms<Number>,
                                   .a = a.data(),
                                   .a_row = kLength,
                                   .b = b.data(),
                                   .b_term = kColumns,
                                   .c = c[i].data(),
                                   .c_row = kColumns});
      }
    });
  });
  return 2.0 * kRows * kColumns * kLength * kTimes * team.size() / seconds;
}

// Bytes a second that all threads together copy (counted once read and once written), where the
// whole is so large.
double CopyRate(ThreadTeam& team, int64_t bytes) {
  constexpr int64_t kPieces = 16;
  const int64_t piece = std::max<int64_t>(bytes / 2 / kPieces, 64);
  std::vector<char> from(piece * kPieces, 1), to(piece * kPieces);
  const double seconds = Seconds(
      [&] {
        team.For(kPieces, [&](int64_t i) { std::memcpy(&to[i * piece], &from[i * piece], piece); });
      },
      0.05);
  return 2.0 * static_cast<double>(piece * kPieces) / seconds;
}

struct Part {
  std::string name;
  double seconds;
  double operations = 0;  // additions and multiplications
  double bytes = 0;       // read and written
};

std::string Yaml(const std::string& workload) {
  if (workload == "breakout") {
    return "{environment: {id: \"ale:breakout\"}, network: {architecture: nature_cnn}, replay: "
           "{buffer_size: 20000}, train: {learning_starts: 1000, train_freq: 4}, optimizer: {name: "
           "adam, learning_rate: 1e-4}}";
  }
  if (workload == "minatar") {
    return "{environment: {id: \"minatar:breakout\"}, network: {architecture: minatar_cnn}, "
           "replay: {buffer_size: 20000}, train: {learning_starts: 1000}, optimizer: {alpha: 0.95, "
           "epsilon: 0.01, centered: true}}";
  }
  if (workload == "cartpole") {
    return "{environment: {id: \"classic:cartpole\"}, network: {architecture: mlp, hidden_sizes: "
           "[64, 64]}, replay: {buffer_size: 20000}, train: {learning_starts: 1000}, optimizer: "
           "{name: adam, learning_rate: 1e-4}}";
  }
  throw std::invalid_argument("there is no workload " + workload +
                              "; there are breakout, minatar and cartpole");
}

double ForwardOperations(const QNetwork& network, bool without_first = false) {
  double operations = 0;
  for (const LayerSite& site : network.sites()) {
    if (without_first && site.is_first) continue;
    const Product& product = site.product;
    int64_t pixels = 1;
    if (product.is_convolution()) {
      pixels = ((site.input.height - product.kernel_height()) / product.stride() + 1) *
               ((site.input.width - product.kernel_width()) / product.stride() + 1);
    }
    operations += 2.0 * static_cast<double>(pixels * product.outputs() * product.fan_in());
  }
  return operations;
}

std::vector<Part> Measure(const std::string& workload, int threads, Precision precision) {
  Config config = ParseConfig(Yaml(workload), workload);
  config.train.threads = threads;
  config.train.precision = precision;
  config.exploration.initial_eps = config.exploration.final_eps = 0.05;
  Dqn dqn(config);
  while (dqn.updates() < 200) dqn.Cycle();
  const EnvironmentSpec& spec = dqn.environment();
  const ObservationSpec& observation = spec.observation;
  const auto batch_size = static_cast<int>(config.train.batch_size);

  ThreadTeam team(threads);
  RandomStream init(1, "init"), sample(1, "sample");
  QNetwork network(config.network, observation, spec.num_actions(), init);
  const auto computation = ComputeDirectly(network, observation, config.train.precision, team);
  Batch batch;
  dqn.replay().Sample(batch_size, 1, sample, batch);
  std::vector<float> gradient(static_cast<size_t>(batch_size) * spec.num_actions(), 1e-3f);
  computation->Values(batch.states, kUpdate);
  computation->Backpropagate(gradient);
  Optimizer optimizer(config.optimizer, network.parameters(), team);
  const std::vector<uint8_t> one(static_cast<size_t>(observation.stack) * observation.bytes(), 1);
  const std::vector<int> action = {0};

  const double forward = ForwardOperations(network);
  const double backward = forward + ForwardOperations(network, true);
  const auto parameters = static_cast<double>(network.parameters().count());
  const double state_bytes = observation.stack * observation.bytes();
  const auto freq = static_cast<double>(config.train.train_freq);

  // Per update: as many env_steps as there are between two.
  std::vector<Part> parts;
  parts.push_back(
      {.name = "env_steps", .seconds = freq * Seconds([&] { dqn.environments().Step(action); })});
  parts.push_back({.name = "act",
                   .seconds = freq * Seconds([&] { dqn.policy().ActionValues(one); }),
                   .operations = freq * forward,
                   .bytes = freq * parameters * sizeof(float)});
  parts.push_back({.name = "sample",
                   .seconds = Seconds([&] { dqn.replay().Sample(batch_size, 1, sample, batch); }),
                   .bytes = 4 * batch_size * state_bytes});
  parts.push_back({.name = "forward, target",
                   .seconds = Seconds([&] { computation->Values(batch.next_states, kUse); }),
                   .operations = batch_size * forward,
                   .bytes = parameters * sizeof(float)});
  parts.push_back({.name = "forward",
                   .seconds = Seconds([&] { computation->Values(batch.states, kUpdate); }),
                   .operations = batch_size * forward,
                   .bytes = parameters * sizeof(float)});
  parts.push_back({.name = "backward",
                   .seconds = Seconds([&] { computation->Backpropagate(gradient); }),
                   .operations = batch_size * backward,
                   .bytes = 3 * parameters * sizeof(float)});
  const double moments = config.optimizer.centered.value_or(true) ? 2 : 1;
  parts.push_back({.name = "norm, optimizer",
                   .seconds = Seconds([&] {
                     optimizer.Step(config.train.max_grad_norm);
                     computation->ParametersChanged();
                   }),
                   .bytes = (1 + 2 + 2 * moments) * parameters * sizeof(float)});
  double sum = 0;
  for (const Part& part : parts) sum += part.seconds;
  const auto began = Clock::now();
  const int64_t before = dqn.updates();
  while (dqn.updates() < before + 300) dqn.Cycle();
  const double update = std::chrono::duration<double>(Clock::now() - began).count() / 300;
  parts.push_back({.name = "all else", .seconds = update - sum});
  return parts;
}

void Print(const std::string& workload, int threads, Precision precision, bool json) {
  ThreadTeam team(threads);
  const double rate =
      precision == Precision::kBfloat16 ? BestRate<Bfloat16>(team) : BestRate<float>(team);
  const std::vector<Part> parts = Measure(workload, threads, precision);
  fmt::print("{}, {} {}{}: {:.0f} GFLOP/s at best\n", workload, threads,
             threads == 1 ? "thread" : "threads",
             precision == Precision::kBfloat16 ? ", bfloat16" : "", rate / 1e9);
  fmt::print("{:<18}{:>10}{:>10}   {}\n", "", "ms", "floor", "times the floor");
  double seconds = 0, floors = 0;
  for (const Part& part : parts) {
    const double arithmetic = part.operations / rate;
    const double traffic =
        part.bytes > 0 ? part.bytes / CopyRate(team, static_cast<int64_t>(part.bytes)) : 0;
    const double floor = std::max(arithmetic, traffic);
    seconds += part.seconds;
    floors += floor;
    fmt::print("{:<18}{:>10.4f}", part.name, part.seconds * 1e3);
    if (floor > 0) {
      fmt::print("{:>10.4f}   {:.1f} ({})", floor * 1e3, part.seconds / floor,
                 arithmetic > traffic ? "arithmetic" : "memory");
    }
    fmt::print("\n");
    if (json) {
      fmt::print("{}\n", nlohmann::json{{"workload", workload},
                                        {"threads", threads},
                                        {"part", part.name},
                                        {"ms", part.seconds * 1e3},
                                        {"floor_ms", floor * 1e3}}
                             .dump());
    }
  }
  fmt::print("{:<18}{:>10.4f}{:>10.4f}\n\n", "one update", seconds * 1e3, floors * 1e3);
}

}  // namespace
}  // namespace dqnd

int main(int argc, char** argv) {
  dqnd::KeepFreedMemory();
  int threads = dqnd::FindProcessors();
  bool json = false;
  dqnd::Precision precision = dqnd::Precision::kFloat32;
  std::vector<std::string> workloads;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--threads" && i + 1 < argc) {
      threads = std::atoi(argv[++i]);
    } else if (argument == "--bfloat16") {
      precision = dqnd::Precision::kBfloat16;
    } else if (argument == "--json") {
      json = true;
    } else {
      workloads.push_back(argument);
    }
  }
  if (workloads.empty()) workloads = {"breakout", "minatar", "cartpole"};
  try {
    for (const std::string& workload : workloads) dqnd::Print(workload, threads, precision, json);
  } catch (const std::exception& error) {
    fmt::print(stderr, "parts: {}\n", error.what());
    return 2;
  }
}
