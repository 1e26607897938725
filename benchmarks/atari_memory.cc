// How much memory real Atari transitions take under each codec, and how long a batch takes to
// sample:
//
//   atari_memory [TRANSITIONS [GAME...]]     100,000 of breakout, pong, seaquest and space_invaders
//
// A million transitions of one game take about ten minutes to play. Episodes alternate between
// actions drawn at every env_step and actions held for ten on average: one stays near the start of
// a game, the other gets further.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "base/random_stream.h"
#include "env_bridge/make_environment.h"
#include "replay/replay_memory.h"

namespace dqnd {
namespace {

constexpr int kBatchSize = 32;
constexpr int kBatches = 2'000;

// Plays into all memories alike.
void Play(const std::string& game, int64_t transitions, std::vector<ReplayMemory*> memories) {
  EnvironmentOptions options;
  options.id = "ale:" + game;
  const std::unique_ptr<Environment> environment = MakeEnvironment(options);
  RandomStream random(1, "play");
  std::vector<uint8_t> frame(environment->spec().observation.bytes());
  const auto num_actions = static_cast<uint32_t>(environment->spec().num_actions());
  bool holds = false, begin = true;
  int action = 0;
  for (int64_t i = 0; i < transitions; ++i) {
    if (begin) {
      environment->Reset(i == 0 ? std::optional<uint64_t>(1) : std::nullopt);
      environment->Observe(frame);
      for (ReplayMemory* memory : memories) memory->Begin(0, frame);
      holds = !holds;
    }
    if (!holds || random.Uniform() < 0.1) action = static_cast<int>(random.Below(num_actions));
    const StepResult result = environment->Step(action);
    environment->Observe(frame);
    const Transition transition{.action = action,
                                .reward = static_cast<float>(result.reward),
                                .terminated = result.terminated,
                                .truncated = result.truncated};
    for (ReplayMemory* memory : memories) memory->Append(0, transition, frame);
    begin = result.done();
  }
}

// Median of the time that a batch takes, in microseconds.
double SampleTime(const ReplayMemory& memory) {
  using Clock = std::chrono::steady_clock;
  RandomStream random(1, "sample");
  Batch batch;
  std::vector<double> times;
  for (int i = 0; i < kBatches; ++i) {
    const Clock::time_point begun = Clock::now();
    memory.Sample(kBatchSize, 1, random, batch);
    times.push_back(std::chrono::duration<double, std::micro>(Clock::now() - begun).count());
  }
  std::nth_element(times.begin(), times.begin() + kBatches / 2, times.end());
  return times[kBatches / 2];
}

void Report(const std::string& game, const char* codec, const ReplayMemory& memory) {
  const auto bytes = static_cast<double>(memory.bytes());
  std::printf("%-16s %-5s %8lld transitions %8.1f MiB %7.0f bytes each   batch of %d: %6.0f us\n",
              game.c_str(), codec, static_cast<long long>(memory.size()), bytes / (1 << 20),
              bytes / static_cast<double>(memory.size()), kBatchSize, SampleTime(memory));
  std::fflush(stdout);
}

}  // namespace
}  // namespace dqnd

int main(int argc, char** argv) {
  using namespace dqnd;
  const int64_t transitions = argc > 1 ? std::atoll(argv[1]) : 100'000;
  std::vector<std::string> games(argv + std::min(argc, 2), argv + argc);
  if (games.empty()) games = {"breakout", "pong", "seaquest", "space_invaders"};
  ReplayOptions options{.buffer_size = transitions, .frame_bytes = 84 * 84, .stack = 4};
  for (const std::string& game : games) {
    options.codec = FrameCodec::kLz4;
    ReplayMemory compressed(options);
    if (transitions > 200'000) {  // without a codec it would not fit this machine
      Play(game, transitions, {&compressed});
    } else {
      options.codec = FrameCodec::kNone;
      ReplayMemory raw(options);
      Play(game, transitions, {&raw, &compressed});
      Report(game, "none", raw);
    }
    Report(game, "lz4", compressed);
  }
}
