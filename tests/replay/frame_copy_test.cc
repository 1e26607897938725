#include "replay/frame_copy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <stdexcept>
#include <vector>

#include "replay/replay_memory.h"
#include "tests/replay/random_play.h"
#include "tests/replay/saved_memory.h"

namespace dqnd {
namespace {

using ::testing::HasSubstr;

// Holds the newest `capacity` frames, as a GPU's memory would.
class RingOfFrames final : public FrameCopy {
 public:
  RingOfFrames(const ReplayOptions& options, int64_t capacity)
      : stack_(options.stack), frame_bytes_(options.frame_bytes), slots_(capacity) {}

  int64_t capacity() const override { return static_cast<int64_t>(slots_.size()); }

  void Put(int64_t number, std::span<const uint8_t> frame) override {
    EXPECT_EQ(number, last_ && number != 0 ? *last_ + 1 : number);
    last_ = number;
    slots_[number % capacity()] = {number, {frame.begin(), frame.end()}};
  }

  // Puts the states of frame numbers together.
  std::vector<uint8_t> StatesOf(const std::vector<int64_t>& numbers) const {
    std::vector<uint8_t> states;
    for (const int64_t number : numbers) {
      if (number == Batch::kNoFrame) {
        states.insert(states.end(), frame_bytes_, 0);
        continue;
      }
      const Slot& slot = slots_[number % capacity()];
      EXPECT_EQ(slot.number, number) << "overwritten";
      states.insert(states.end(), slot.frame.begin(), slot.frame.end());
    }
    return states;
  }

  // A batch of numbers as one of states.
  Batch Resolve(Batch batch) const {
    EXPECT_TRUE(batch.states.empty() && batch.next_states.empty());
    EXPECT_EQ(batch.state_frames.size(), static_cast<size_t>(batch.size) * stack_);
    batch.states = StatesOf(batch.state_frames);
    batch.next_states = StatesOf(batch.next_state_frames);
    return batch;
  }

 private:
  struct Slot {
    int64_t number = -1;
    std::vector<uint8_t> frame;
  };
  const int stack_, frame_bytes_;
  std::vector<Slot> slots_;
  std::optional<int64_t> last_;
};

int64_t LeastCapacity(const ReplayOptions& options) {
  return 2 * options.Shape().MostFrames();
}

TEST(FrameCopy, HoldsTheFramesOfEveryTransitionThatIsSampled) {
  for (uint64_t seed = 1; seed <= 60 && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    RandomStream random(seed, "options");
    const ReplayOptions options = RandomOptions(random);
    RandomPlay play(options, seed);
    ReplayMemory memory(options);
    // From the beginning, or of a memory that has frames already; just large enough, or larger.
    play.Steps(static_cast<int>(random.Below(2) * random.Below(300)), {&memory});
    RingOfFrames copy(options, LeastCapacity(options) + random.Below(200));
    memory.CopyFramesTo(copy);
    Batch batch;
    for (int step = 0; step < 200; ++step) {
      play.Step({&memory});
      memory.Sample(8, 1 + static_cast<int>(random.Below(5)), random, batch);
      ExpectBatchIsRight(copy.Resolve(batch), play.naive());
    }
  }
}

TEST(FrameCopy, HoldsThemAlsoOnceTheMemoryWasRestored) {
  const ReplayOptions options{.buffer_size = 200, .lanes = 2, .frame_bytes = 3, .stack = 4};
  RandomPlay play(options, 5);
  ReplayMemory saved(options), restored(options);
  play.Steps(700, {&saved});
  RingOfFrames copy(options, options.UsualFrames());
  restored.CopyFramesTo(copy);
  Load(restored, Saved(saved));
  RandomStream random(6, "sample");
  Batch batch;
  for (int step = 0; step < 300; ++step) {
    restored.Sample(8, 3, random, batch);
    ExpectBatchIsRight(copy.Resolve(batch), play.naive());
    play.Step({&saved, &restored});
  }
}

TEST(FrameCopy, LeavesWhatIsSampledAsItWas) {
  const ReplayOptions options{.buffer_size = 200, .lanes = 2, .frame_bytes = 3, .stack = 4};
  RandomPlay play(options, 5);
  ReplayMemory plain(options), copied(options);
  RingOfFrames copy(options, options.UsualFrames());
  copied.CopyFramesTo(copy);
  RandomStream random(6, "sample"), same(6, "sample");
  Batch batch, numbers;
  for (int step = 0; step < 600; ++step) {
    play.Step({&plain, &copied});
    plain.Sample(8, 3, random, batch);
    copied.Sample(8, 3, same, numbers);
    EXPECT_EQ(numbers.indices, batch.indices);
    EXPECT_EQ(copy.Resolve(numbers).next_states, batch.next_states);
  }
}

TEST(FrameCopy, TooSmallForTwoSegmentsIsRefused) {
  const ReplayOptions options{.buffer_size = 200};
  ReplayMemory memory(options);
  RingOfFrames copy(options, LeastCapacity(options) - 1);
  try {
    memory.CopyFramesTo(copy);
    FAIL();
  } catch (const std::invalid_argument& error) {
    EXPECT_THAT(error.what(), HasSubstr("two segments can have 256"));
  }
}

}  // namespace
}  // namespace dqnd
