#include "trainer/memory_plan.h"

#include <algorithm>
#include <filesystem>
#include <numeric>
#include <stdexcept>

#include <fmt/format.h>

#include "base/random_stream.h"
#include "env_bridge/make_environment.h"
#include "replay/replay_memory.h"
#include "trainer/dqn.h"
#include "trainer/learner/learner.h"
#include "trainer/machine.h"
#include "trainer/network/q_network.h"
#include "trainer/run_directory.h"
#include "trainer/saved_teacher.h"

namespace dqnd {
namespace {

constexpr int64_t kMiB = 1 << 20;

// The largest replay.buffer_size that a configuration may have.
constexpr int64_t kMostTransitions = 1'000'000'000;

// By how much two measurements of one program differ at most: what one process is told fits must
// fit in the next.
constexpr int64_t kMeasuringNoise = 4 * kMiB;

// One emulator with its ROM and screens; the other families are negligible beside it.
constexpr int64_t kEnvironmentBytes = 2 * kMiB;

// Rows of the console and of the curves on their way to the disk, and the log.
constexpr int64_t kMetricsBytes = 2 * kMiB;

// gRPC with its threads, and the messages under way.
constexpr int64_t kServerBytes = 12 * kMiB;

// `dqnd health` in the same container: LibTorch as it is loaded, 62 MB of memory of its own.
constexpr int64_t kProbeBytes = 64 * kMiB;

// An exhibition game beside its network and emulator: moments to go back to, a saliency map's
// states.
constexpr int64_t kExhibitionBytes = 12 * kMiB;

std::string InUnits(int64_t bytes) {
  if (bytes >= 1024 * kMiB)
    return fmt::format("{:.2f} GiB", static_cast<double>(bytes) / (1024.0 * kMiB));
  return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / kMiB);
}

// A segment's share of the memory.
int64_t SegmentBytes(const ReplayOptions& replay) {
  return static_cast<int64_t>(static_cast<double>(replay.max_bytes.value_or(0)) *
                              static_cast<double>(replay.Shape().transitions) /
                              static_cast<double>(replay.buffer_size));
}

// A checkpoint on its way to the disk: what TakeCheckpoint copies (both networks, two moments, the
// segment in the making), the tensors of the optimizer once more while they are encoded, and one
// sealed segment as it will lie in its file.
int64_t CheckpointBytes(int64_t network_bytes, const ReplayOptions& replay) {
  return 6 * network_bytes + 2 * SegmentBytes(replay);
}

}  // namespace

int64_t MemoryPlan::total_bytes() const {
  return std::accumulate(parts.begin(), parts.end(), int64_t{0},
                         [](int64_t sum, const Part& part) { return sum + part.bytes; });
}

int64_t MemoryPlan::room_for_exhibitions() const {
  return std::max<int64_t>(0, (limit.bytes - total_bytes()) / exhibition_bytes);
}

// See docs/decisions/0003-memory-plan.md.
int64_t MeasureOneUpdate(const Config& config, const MemoryLimit& limit) {
  const EnvironmentSpec spec = SpecOf(config.environment);
  int64_t weights = 0;
  for (const LayerSite& site : LayerSites(config.network, spec.observation, spec.num_actions())) {
    weights += site.product.outputs() * site.product.fan_in();
  }
  // Online and target network, two moments and a gradient: before any of them is made.
  if (const int64_t bytes = 5 * int64_t{4} * weights; bytes > limit.bytes) {
    throw std::invalid_argument(
        fmt::format("a network of {} weights takes {} in training, and the limit is {} ({}); make "
                    "network.hidden_sizes or network.width smaller",
                    weights, InUnits(bytes), InUnits(limit.bytes), limit.source));
  }
  RandomStream init(0, "init");
  ThreadTeam team(static_cast<int>(config.train.threads.value_or(1)));
  const std::unique_ptr<Learner> learner = MakeLearner(config, spec, init, team);
  const auto count = static_cast<size_t>(config.train.batch_size);
  const size_t state_bytes =
      count * static_cast<size_t>(spec.observation.bytes()) * spec.observation.stack;
  Batch batch;
  batch.size = static_cast<int>(count);
  batch.n_steps = static_cast<int>(config.train.n_steps);
  batch.states.resize(state_bytes);
  batch.next_states.resize(state_bytes);
  batch.actions.resize(count);
  batch.rewards.resize(count * static_cast<size_t>(batch.n_steps));
  batch.steps.assign(count, 1);
  batch.terminated.resize(count);
  batch.weights.assign(count, 1.0f);
  std::unique_ptr<Teacher> teacher;
  if (const auto& name = config.train.teacher) {
    teacher =
        LoadTeacher(RealFileSystem(), FindTeacher(RealFileSystem(), RunPath(config), *name), spec);
    learner->LearnFrom(*teacher);
  }
  learner->Update(batch);
  return PeakResidentBytes();
}

MemoryPlan PlanMemory(const Config& config, const MemoryLimit& limit, int64_t measured) {
  const EnvironmentSpec environment = SpecOf(config.environment);
  const ObservationSpec& observation = environment.observation;
  const int64_t worker_bytes = environment.worker_bytes;
  RandomStream init(0, "init");
  const int64_t parameters =
      QNetwork(config.network, observation, environment.num_actions(), init).parameters().count();
  const int64_t network_bytes = parameters * 4;

  const auto replay_options = [&](int64_t buffer_size) {
    Config sized = config;
    sized.replay.buffer_size = buffer_size;
    return ReplayOptionsOf(sized, observation);
  };
  const auto replay_bytes = [&](int64_t buffer_size) {
    return replay_options(buffer_size).max_bytes.value_or(0);
  };
  const auto checkpoint_bytes = [&](int64_t buffer_size) {
    return CheckpointBytes(network_bytes, replay_options(buffer_size));
  };

  int64_t teacher_bytes = 0;
  if (const auto& teacher = config.train.teacher) {
    teacher_bytes = static_cast<int64_t>(
        std::filesystem::file_size(FindTeacher(RealFileSystem(), RunPath(config), *teacher).file));
  }

  MemoryPlan plan;
  plan.limit = limit;
  // A packed network is small; its weights are copied while it is made.
  const int64_t packing_bytes =
      config.network.actor == ActorKind::kPacked ? network_bytes + network_bytes / 16 : 0;
  plan.exhibition_bytes =
      network_bytes + packing_bytes + kEnvironmentBytes + kExhibitionBytes + worker_bytes;
  const ReplayOptions replay = replay_options(config.replay.buffer_size);
  plan.parts = {
      {"replay memory", replay_bytes(config.replay.buffer_size),
       fmt::format("{} transitions, {} bytes a frame{}", config.replay.buffer_size,
                   observation.bytes(),
                   replay.codec == FrameCodec::kLz4 ? ", compressed" : ", stored once")},
      {"checkpoint buffers", checkpoint_bytes(config.replay.buffer_size),
       "while one is being written"},
      {"networks", 2 * network_bytes, fmt::format("online and target, {} parameters", parameters)},
      {"optimizer and gradients", 3 * network_bytes, "two moments, one gradient"},
      {"environments", (config.environment.n_envs + 1) * kEnvironmentBytes,
       fmt::format("{} and one for evaluation", config.environment.n_envs)},
      {"metrics and log", kMetricsBytes, ""},
      {"server", config.server.listen ? kServerBytes + 2 * network_bytes : 0,
       "with the network as those who watch see it"},
      {"program and LibTorch", std::max<int64_t>(0, measured - 5 * network_bytes - teacher_bytes),
       "with batch and activations, measured by one update"},
  };
  if (InOurImage()) {
    plan.parts.push_back(
        {"health probe", kProbeBytes, "`dqnd health`, beside it in the container"});
  }
  if (worker_bytes > 0) {
    const int64_t workers = ResolveWorkers(config.environment);
    plan.parts.push_back({"environment workers", (workers + 1) * worker_bytes,
                          fmt::format("{} processes and one for evaluation", workers)});
  }
  if (teacher_bytes > 0) {
    plan.parts.push_back({"teacher", teacher_bytes, "the network that is learned from"});
  }
  const int64_t checkpoints =
      config.checkpoint.every_env_steps == 0
          ? 1
          : config.train.total_env_steps / config.checkpoint.every_env_steps + 1;
  const int64_t kept = std::min(checkpoints, config.checkpoint.keep_last + 1) +
                       (config.checkpoint.keep_every == 0
                            ? 0
                            : config.train.total_env_steps / config.checkpoint.keep_every);
  // Checkpoints share the segments; the newest and the oldest kept one differ by little.
  plan.disk_bytes = teacher_bytes + kept * (4 * network_bytes + SegmentBytes(replay)) +
                    replay_bytes(config.replay.buffer_size) + 60 * kMiB;  // logs and metrics

  if (config.train.device == Device::kCuda) {
    plan.gpu_bytes = 5 * network_bytes + teacher_bytes +
                     (config.replay.on_device ? replay.UsualFrames() * replay.frame_bytes : 0);
  }

  // The bound grows with buffer_size, so the largest that fits is found by halving.
  const int64_t rest = plan.total_bytes() - plan.parts[0].bytes - plan.parts[1].bytes;
  int64_t fits = 0, too_large = kMostTransitions + 1;
  while (too_large - fits > 1) {
    const int64_t middle = fits + (too_large - fits) / 2;
    const int64_t total = rest + replay_bytes(middle) + checkpoint_bytes(middle);
    (total <= limit.bytes - kMeasuringNoise ? fits : too_large) = middle;
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
  if (gpu_bytes > 0) {
    table += fmt::format("  {:<26}{:>12}  networks, optimizer and frames; CUDA itself takes more\n",
                         "GPU", InUnits(gpu_bytes));
  }
  return table;
}

}  // namespace dqnd
