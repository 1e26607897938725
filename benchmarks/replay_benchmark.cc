// What the replay memory costs a training loop, for Atari (84x84 bytes, 4 in a state) and MinAtar
// Breakout (10x10x4 bytes, 1 in a state). An Atari memory of 20,000 transitions, 140 MB, is far
// larger than the caches, as a real one is.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <vector>

#include "base/random_stream.h"
#include "replay/replay_memory.h"

namespace dqnd {
namespace {

constexpr int kEpisodeEnvSteps = 500;
constexpr int kBatchSize = 32;

ReplayOptions Atari(int lanes, FrameCodec codec = FrameCodec::kNone) {
  return {
      .buffer_size = 20'000, .lanes = lanes, .frame_bytes = 84 * 84, .stack = 4, .codec = codec};
}

ReplayOptions MinAtar(int lanes) {
  return {.buffer_size = 100'000, .lanes = lanes, .frame_bytes = 10 * 10 * 4};
}

// Appends env_steps to every lane in turn, in episodes of 500, and goes on from call to call.
class Player {
 public:
  explicit Player(ReplayMemory& memory)
      : memory_(memory), frame_(static_cast<size_t>(memory.options().frame_bytes)) {}

  void Append() {
    const int lanes = memory_.options().lanes;
    const int lane = static_cast<int>(memory_.appended() % lanes);
    const int64_t env_step = memory_.appended() / lanes % kEpisodeEnvSteps;
    frame_[0] = static_cast<uint8_t>(memory_.appended());
    if (env_step == 0) memory_.Begin(lane, frame_);
    memory_.Append(lane, {.reward = 1, .terminated = env_step == kEpisodeEnvSteps - 1}, frame_);
  }

  void Fill() {
    const int64_t last = memory_.appended() + 2 * memory_.options().buffer_size;
    while (memory_.appended() < last) Append();
  }

 private:
  ReplayMemory& memory_;
  std::vector<uint8_t> frame_;
};

void Append(benchmark::State& state, const ReplayOptions& options) {
  ReplayMemory memory(options);
  Player player(memory);
  player.Fill();
  while (state.KeepRunning()) player.Append();
  state.SetItemsProcessed(state.iterations());
  state.counters["bytes/transition"] =
      static_cast<double>(memory.bytes()) / static_cast<double>(memory.size());
}
BENCHMARK_CAPTURE(Append, atari_1_lane, Atari(1));
BENCHMARK_CAPTURE(Append, atari_8_lanes, Atari(8));
BENCHMARK_CAPTURE(Append, minatar_1_lane, MinAtar(1));

// A batch of 32.
void Sample(benchmark::State& state, const ReplayOptions& options, int n_steps) {
  ReplayMemory memory(options);
  Player(memory).Fill();
  RandomStream random(1, "sample");
  Batch batch;
  while (state.KeepRunning()) {
    memory.Sample(kBatchSize, n_steps, random, batch);
    benchmark::DoNotOptimize(batch.states.data());
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() *
                          static_cast<int64_t>(batch.states.size() + batch.next_states.size()));
}
BENCHMARK_CAPTURE(Sample, atari_1_step, Atari(1), 1)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(Sample, atari_3_steps_8_lanes, Atari(8), 3)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(Sample, minatar_1_step, MinAtar(1), 1)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace dqnd
