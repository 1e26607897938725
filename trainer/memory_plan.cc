#include "trainer/memory_plan.h"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>

#include "base/random_stream.h"
#include "env_bridge/make_environment.h"
#include "replay/replay_memory.h"
#include "trainer/dqn.h"
#include "trainer/network/q_network.h"

namespace dqnd {
namespace {

constexpr int64_t kMiB = 1 << 20;

// Resident size of the program before it makes anything: LibTorch's code, tables and thread stacks,
// as measured (docs/decisions/0003-memory-plan.md).
constexpr int64_t kProgramBytes = 160 * kMiB;

// One emulator with its ROM and screens; the other families are negligible beside it.
constexpr int64_t kEnvironmentBytes = 2 * kMiB;

std::string InUnits(int64_t bytes) {
  if (bytes >= 1024 * kMiB)
    return fmt::format("{:.2f} GiB", static_cast<double>(bytes) / (1024.0 * kMiB));
  return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / kMiB);
}

// Numbers that the network's layers put out for one state, forwards and backwards: bounded by what
// the widest architecture does, a Nature network's 20,480 + 5,184 + 3,136 + 512 and their
// gradients.
int64_t ActivationBytes(const Config& config, const ObservationSpec& observation) {
  const int64_t input = static_cast<int64_t>(observation.elements()) * observation.stack;
  const int64_t hidden = std::accumulate(config.network.hidden_sizes.begin(),
                                         config.network.hidden_sizes.end(), int64_t{30'000});
  // States and next states as float32, activations of both networks, gradients and their copies in
  // the layout that a convolution kernel wants.
  return config.train.batch_size * (2 * input + 6 * hidden) * 4;
}

}  // namespace

int64_t MemoryPlan::total_bytes() const {
  return std::accumulate(parts.begin(), parts.end(), int64_t{0},
                         [](int64_t sum, const Part& part) { return sum + part.bytes; });
}

MemoryPlan PlanMemory(const Config& config, const MemoryLimit& limit) {
  const std::unique_ptr<Environment> environment = MakeEnvironment(config.environment);
  const ObservationSpec& observation = environment->spec().observation;
  RandomStream init(0, "init");
  const QNetwork network(config.network, observation, environment->spec().num_actions(), init);
  const int64_t network_bytes = network.parameters().count() * 4;
  const int64_t state_bytes = static_cast<int64_t>(observation.bytes()) * observation.stack;

  const auto replay_bytes = [&](int64_t buffer_size) {
    Config sized = config;
    sized.replay.buffer_size = buffer_size;
    return ReplayMemory::BytesAtBound(ReplayOptionsOf(sized, observation));
  };

  MemoryPlan plan;
  plan.limit = limit;
  plan.parts = {
      {"replay memory", replay_bytes(config.replay.buffer_size),
       fmt::format("{} transitions of {} bytes a frame, stored once", config.replay.buffer_size,
                   observation.bytes())},
      {"networks", 2 * network_bytes,
       fmt::format("online and target, {} parameters each", network.parameters().count())},
      {"optimizer and gradients", 3 * network_bytes, "two moments, one gradient"},
      {"batches and activations",
       2 * config.train.batch_size * state_bytes + ActivationBytes(config, observation), ""},
      {"environments", (config.environment.n_envs + 1) * kEnvironmentBytes,
       fmt::format("{} and one for evaluation", config.environment.n_envs)},
      {"program and LibTorch", kProgramBytes, ""},
  };
  const int64_t checkpoints =
      config.checkpoint.every_env_steps == 0
          ? 1
          : config.train.total_env_steps / config.checkpoint.every_env_steps + 1;
  plan.disk_bytes = (checkpoints + 1) * network_bytes + 60 * kMiB;  // logs and metrics, rotated

  // The bound grows with buffer_size, so the largest that fits is found by halving.
  const int64_t rest = plan.total_bytes() - plan.parts.front().bytes;
  int64_t fits = 0, too_large = std::max<int64_t>(1, limit.bytes / observation.bytes()) + 1;
  while (too_large - fits > 1) {
    const int64_t middle = fits + (too_large - fits) / 2;
    (rest + replay_bytes(middle) <= limit.bytes ? fits : too_large) = middle;
  }
  plan.largest_buffer_size = fits < config.train.batch_size ? 0 : fits;
  return plan;
}

std::string MemoryPlan::Table() const {
  std::string table;
  for (const Part& part : parts) {
    table += fmt::format("  {:<26}{:>12}  {}\n", part.name, InUnits(part.bytes), part.note);
  }
  table += fmt::format("  {:<26}{:>12}\n", "total", InUnits(total_bytes()));
  table += fmt::format("  {:<26}{:>12}  {}\n", "available", InUnits(limit.bytes), limit.source);
  table += fmt::format("  {:<26}{:>12}  at most\n", "disk", InUnits(disk_bytes));
  return table;
}

}  // namespace dqnd
