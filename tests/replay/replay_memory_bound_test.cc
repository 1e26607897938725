// What a replay memory takes, and what it does when that is bounded.
#include <algorithm>
#include <memory>
#include <stdexcept>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/replay/random_play.h"

namespace dqnd {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

constexpr int kAtariFrameBytes = 84 * 84;

// Plays `env_steps` in episodes of 500.
void PlayAtari(ReplayMemory& memory, int env_steps) {
  std::vector<uint8_t> frame(kAtariFrameBytes);
  for (int i = 0; i < env_steps; ++i) {
    if (i % 500 == 0) memory.Begin(0, frame);
    frame[0] = static_cast<uint8_t>(i);
    memory.Append(0, {.terminated = i % 500 == 499}, frame);
  }
}

// An Atari transition, with four frames in each of its states, costs little more than one frame of
// 7,056 bytes: its row and links 28, the first frame of each episode 14, the frames repeated at the
// start of each segment 28, half of each segment's last block (of 16 frames) 55; all blocks, rows
// and links of the segment in the making are counted as well.
TEST(ReplayMemoryBytes, AreAboutSevenKilobytesForAnAtariTransition) {
  ReplayMemory memory({.buffer_size = 8'192,
                       .frame_bytes = kAtariFrameBytes,
                       .stack = 4,
                       .segment_transitions = 1'024});
  PlayAtari(memory, 8'000);
  EXPECT_LT(memory.bytes() / memory.size(), 7'400);
}

// Beside what is sampled, up to one segment of older transitions is held.
TEST(ReplayMemoryBytes, ExceedWhatIsSampledByOneSegmentAtMost) {
  ReplayMemory memory({.buffer_size = 4'096,
                       .frame_bytes = kAtariFrameBytes,
                       .stack = 4,
                       .segment_transitions = 512});
  PlayAtari(memory, 10'000);
  EXPECT_LT(memory.bytes() / (memory.size() + 512), 7'400);
}

TEST(ReplayMemoryBytes, StayTheSameOnceTheMemoryIsFull) {
  ReplayMemory memory({.buffer_size = 4'000, .frame_bytes = 100, .stack = 4});
  std::vector<uint8_t> frame(100);
  memory.Begin(0, frame);
  for (int i = 0; i < 8'000; ++i) memory.Append(0, {}, frame);
  const int64_t bytes_when_full = memory.bytes();
  for (int i = 0; i < 20'000; ++i) {
    memory.Append(0, {}, frame);
    // Rows and links of one segment come and go; blocks do not.
    ASSERT_LE(memory.bytes(), bytes_when_full + memory.options().Shape().MetadataBytes());
    ASSERT_GE(memory.bytes(), bytes_when_full - memory.options().Shape().MetadataBytes());
  }
}

TEST(ReplayMemoryBytes, AtTheBoundAreToldClosely) {
  const ReplayOptions options{.buffer_size = 4'096,
                              .frame_bytes = kAtariFrameBytes,
                              .stack = 4,
                              .segment_transitions = 512};
  ReplayMemory memory(options);
  PlayAtari(memory, 10'000);
  EXPECT_LE(memory.bytes(), ReplayMemory::BytesAtBound(options, 500));
  EXPECT_GT(memory.bytes(), ReplayMemory::BytesAtBound(options, 500) * 85 / 100);
  EXPECT_THROW(ReplayMemory::BytesAtBound(options, 0), std::invalid_argument);
}

void ExpectBoundHolds(uint64_t seed) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  RandomStream random(seed, "bound");
  ReplayOptions options = RandomOptions(random);
  options.buffer_size = 10'000;
  options.frame_bytes = 1'000 + static_cast<int>(random.Below(2'000));  // 1 to 4 in a block
  const int64_t least = 2 * options.Shape().MostBytes() + options.LaneBytes();
  options.max_bytes = least + random.Below(static_cast<uint32_t>(3 * least));
  ReplayMemory memory(options);
  RandomPlay play(options, seed, {.end = 0.5 * random.Uniform()});
  Batch batch;
  for (int step = 0; step < 500; ++step) {
    play.Step({&memory});
    ASSERT_LE(memory.bytes(), *options.max_bytes);
    ASSERT_GE(memory.size(), std::min(memory.appended(), options.Shape().transitions));
    if (step % 10 > 0) continue;
    memory.Sample(8, 3, random, batch);
    ExpectBatchIsRight(batch, play.naive());
    ASSERT_FALSE(::testing::Test::HasFailure());
  }
  EXPECT_LT(memory.size(), 500);
}

TEST(ReplayMemoryBound, HoldsAtEveryMomentAndTheNewestStayRight) {
  for (uint64_t seed = 1; seed <= 40 && !HasFailure(); ++seed) ExpectBoundHolds(seed);
}

TEST(ReplayMemoryBound, DropsWholeOldestSegmentsAndNotMoreThanItMust) {
  ReplayOptions options{
      .buffer_size = 100'000, .frame_bytes = 1'000, .stack = 4, .segment_transitions = 100};
  options.max_bytes = 1'000'000;
  ReplayMemory memory(options);
  std::vector<uint8_t> frame(1'000);
  memory.Begin(0, frame);
  int64_t fewest = 100'000;
  for (int i = 0; i < 5'000; ++i) {
    memory.Append(0, {}, frame);
    ASSERT_LE(memory.bytes(), 1'000'000);
    if (i > 2'000) fewest = std::min(fewest, memory.size());
    EXPECT_EQ((memory.appended() - memory.size()) % 100, 0);
  }
  // A full segment takes 104 frames in 26 blocks of 4, and 2,812 bytes of rows and links. Nine of
  // them leave room for 7 blocks more, which 4 repeated frames and 24 transitions fill; for the
  // next one the oldest segment goes.
  EXPECT_EQ(fewest, 825);
}

// A transition of an episode of one env_step takes two frames, in a longer episode one: the blocks
// of a dropped segment are then more than the next one needs.
TEST(ReplayMemoryBound, HoldsWhenShortEpisodesGiveWayToLongOnes) {
  const std::vector<uint8_t> frame(1'000);
  for (int64_t max_bytes = 1'000'000; max_bytes < 1'008'000; max_bytes += 400) {
    ReplayMemory memory({.buffer_size = 100'000,
                         .max_bytes = max_bytes,
                         .frame_bytes = 1'000,
                         .segment_transitions = 100});
    for (int i = 0; i < 3'000; ++i) {
      const bool alone = i / 300 % 2 == 0;
      if (alone || i % 300 == 0) memory.Begin(0, frame);
      memory.Append(0, {.truncated = alone}, frame);
      ASSERT_LE(memory.bytes(), max_bytes) << "after " << i + 1 << " transitions";
    }
  }
}

TEST(ReplayMemoryBound, TooSmallForTwoSegmentsIsRefusedWithWhatTheyNeed) {
  ReplayOptions options{.buffer_size = 1'000, .frame_bytes = 10, .segment_transitions = 100};
  const int64_t least = 2 * options.Shape().MostBytes() + options.LaneBytes();
  options.max_bytes = least;
  EXPECT_NO_THROW(ReplayMemory{options});
  options.max_bytes = least - 1;
  EXPECT_THAT([&] { ReplayMemory memory(options); },
              ThrowsMessage<std::invalid_argument>(HasSubstr(std::to_string(least))));
}

TEST(SealedSegments, FollowEachOtherAndOutliveTheMemory) {
  const ReplayOptions options{
      .buffer_size = 100, .frame_bytes = 5, .stack = 2, .segment_transitions = 10};
  RandomPlay play(options, 21);
  auto memory = std::make_unique<ReplayMemory>(options);
  play.Steps(95, {memory.get()});
  const auto segments = memory->sealed_segments();
  memory.reset();
  ASSERT_EQ(segments.size(), 9u);
  std::vector<uint8_t> state(10);
  FrameStore::Scratch scratch;
  for (size_t i = 0; i < segments.size(); ++i) {
    EXPECT_EQ(segments[i]->first_transition(), static_cast<int64_t>(i) * 10);
    EXPECT_TRUE(segments[i]->full());
    for (uint32_t row = 0; row < 10; ++row) {
      const Batch expected = play.naive().Expected(segments[i]->first_transition() + row, 1);
      segments[i]->CopyStateBefore(row, state, scratch);
      EXPECT_EQ(state, expected.states);
      segments[i]->CopyStateAfter(row, state, scratch);
      EXPECT_EQ(state, expected.next_states);
    }
  }
}

TEST(SealedSegments, CountAsLongAsSomebodyHoldsThem) {
  const ReplayOptions options{.buffer_size = 20, .frame_bytes = 100, .segment_transitions = 10};
  RandomPlay play(options, 22), same_play(options, 22);
  ReplayMemory shared(options), unshared(options);
  play.Steps(30, {&shared});
  same_play.Steps(30, {&unshared});
  std::vector<std::shared_ptr<const Segment>> held(shared.sealed_segments().begin(),
                                                   shared.sealed_segments().end());
  play.Steps(100, {&shared});
  same_play.Steps(100, {&unshared});
  EXPECT_EQ(shared.size(), unshared.size());
  EXPECT_GT(shared.bytes(), unshared.bytes());
  // The last holder may be another thread.
  std::jthread([taken = std::move(held)]() mutable { taken.clear(); }).join();
  play.Steps(100, {&shared});
  same_play.Steps(100, {&unshared});
  EXPECT_LE(shared.bytes(), ReplayMemory::BytesAtBound(options, 1) + options.Shape().MostBytes());
}

}  // namespace
}  // namespace dqnd
