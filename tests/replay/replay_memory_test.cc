#include "replay/replay_memory.h"

#include <array>
#include <stdexcept>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/replay/random_play.h"

namespace dqnd {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

using Frame = std::array<uint8_t, 1>;

// One-byte frames and a stack of 3, so that whole states can be written down.
class ReplayMemoryByHand : public ::testing::Test {
 protected:
  // The only transition that is sampled when it is the newest of a memory that remembers one.
  Batch Newest(int n_steps = 1) {
    Batch batch;
    memory_.Sample(1, n_steps, random_, batch);
    return batch;
  }

  ReplayMemory memory_{{.buffer_size = 1, .lanes = 2, .frame_bytes = 1, .stack = 3}};
  RandomStream random_{1, "sample"};
};

TEST_F(ReplayMemoryByHand, PutsZerosBeforeAnEpisodesFirstFrame) {
  memory_.Begin(0, Frame{10});
  memory_.Append(0, {.action = 4, .reward = 0.5f}, Frame{11});
  const Batch batch = Newest();
  EXPECT_THAT(batch.states, ElementsAre(0, 0, 10));
  EXPECT_THAT(batch.next_states, ElementsAre(0, 10, 11));
  EXPECT_THAT(batch.actions, ElementsAre(4));
  EXPECT_THAT(batch.rewards, ElementsAre(0.5f));
}

TEST_F(ReplayMemoryByHand, StacksTheLastFramesOldestFirst) {
  memory_.Begin(0, Frame{10});
  for (uint8_t i = 11; i < 16; ++i) memory_.Append(0, {}, Frame{i});
  EXPECT_THAT(Newest().states, ElementsAre(12, 13, 14));
  EXPECT_THAT(Newest().next_states, ElementsAre(13, 14, 15));
}

TEST_F(ReplayMemoryByHand, NeverStacksFramesOfAnotherEpisode) {
  memory_.Begin(0, Frame{10});
  memory_.Append(0, {}, Frame{11});
  memory_.Append(0, {.terminated = true}, Frame{12});
  memory_.Begin(0, Frame{20});
  memory_.Append(0, {}, Frame{21});
  EXPECT_THAT(Newest().states, ElementsAre(0, 0, 20));
  EXPECT_THAT(Newest().next_states, ElementsAre(0, 20, 21));
}

TEST_F(ReplayMemoryByHand, NeverStacksFramesOfAnotherLane) {
  memory_.Begin(0, Frame{10});
  memory_.Begin(1, Frame{20});
  memory_.Append(0, {}, Frame{11});
  memory_.Append(1, {}, Frame{21});
  EXPECT_THAT(Newest().next_states, ElementsAre(0, 20, 21));
}

TEST_F(ReplayMemoryByHand, TellsTerminationFromTruncationAndKeepsTheLastStateOfBoth) {
  memory_.Begin(0, Frame{10});
  memory_.Append(0, {.terminated = true}, Frame{11});
  EXPECT_THAT(Newest().terminated, ElementsAre(1));
  EXPECT_THAT(Newest().next_states, ElementsAre(0, 10, 11));
  memory_.Begin(0, Frame{20});
  memory_.Append(0, {.truncated = true}, Frame{21});
  EXPECT_THAT(Newest().terminated, ElementsAre(0));
  EXPECT_THAT(Newest().next_states, ElementsAre(0, 20, 21));
}

TEST_F(ReplayMemoryByHand, AnEpisodeLeftOffForANewOneEndsNeitherWay) {
  memory_.Begin(0, Frame{10});
  memory_.Append(0, {}, Frame{11});
  memory_.Begin(0, Frame{20});
  EXPECT_THAT(Newest().terminated, ElementsAre(0));
  EXPECT_THAT(Newest().next_states, ElementsAre(0, 10, 11));
  memory_.Append(0, {}, Frame{21});
  EXPECT_THAT(Newest().states, ElementsAre(0, 0, 20));
}

TEST(ReplayMemory, LooksSeveralEnvStepsAheadAndStopsWhereTheEpisodeEnds) {
  ReplayMemory memory({.buffer_size = 100, .lanes = 2, .frame_bytes = 1, .stack = 1});
  memory.Begin(0, Frame{10});
  memory.Begin(1, Frame{100});
  for (uint8_t i = 1; i <= 4; ++i) {  // lane 0 at even numbers, lane 1 at odd ones
    memory.Append(0, {.reward = float(i), .terminated = i == 4}, Frame{uint8_t(10 + i)});
    memory.Append(1, {.reward = float(-i), .truncated = i == 4}, Frame{uint8_t(100 + i)});
  }
  RandomStream random(1, "sample");
  Batch batch;
  memory.Sample(200, 3, random, batch);
  const auto row = [&](int64_t index) {
    return size_t(std::ranges::find(batch.indices, index) - batch.indices.begin());
  };
  const auto rewards = [&](size_t i) {
    return std::vector(batch.rewards.begin() + int64_t(i) * 3,
                       batch.rewards.begin() + int64_t(i) * 3 + 3);
  };
  const size_t full = row(2), cut_by_end = row(4), cut_by_limit = row(7);
  EXPECT_THAT(rewards(full), ElementsAre(2, 3, 4));
  EXPECT_EQ(batch.next_states[full], 14);
  EXPECT_EQ(batch.terminated[full], 1);
  EXPECT_THAT(rewards(cut_by_end), ElementsAre(3, 4, 0));
  EXPECT_EQ(batch.steps[cut_by_end], 2);
  EXPECT_EQ(batch.terminated[cut_by_end], 1);
  EXPECT_THAT(rewards(cut_by_limit), ElementsAre(-4, 0, 0));
  EXPECT_EQ(batch.next_states[cut_by_limit], 104);
  EXPECT_EQ(batch.terminated[cut_by_limit], 0);
}

TEST(ReplayMemory, DrawsOneWordForEachTransition) {
  ReplayMemory memory({.buffer_size = 64});
  memory.Begin(0, Frame{1});
  for (int i = 0; i < 64; ++i) memory.Append(0, {}, Frame{2});
  RandomStream random(3, "sample");
  Batch batch;
  memory.Sample(32, 1, random, batch);
  EXPECT_EQ(random.words_drawn(), 32u);
}

TEST(ReplayMemory, ReusesTheBatchWhateverItHeldBefore) {
  const ReplayOptions options{.buffer_size = 50, .frame_bytes = 3, .stack = 2};
  RandomPlay play(options, 5);
  ReplayMemory memory(options);
  play.Steps(50, {&memory});
  RandomStream random(1, "sample");
  Batch batch;
  for (const auto& [size, n_steps] : {std::pair{20, 5}, {7, 1}, {30, 3}}) {
    memory.Sample(size, n_steps, random, batch);
    EXPECT_EQ(batch.size, size);
    EXPECT_EQ(batch.indices.size(), size_t(size));
    EXPECT_EQ(batch.rewards.size(), size_t(size * n_steps));
    EXPECT_EQ(batch.states.size(), size_t(size * 6));
    ExpectBatchIsRight(batch, play.naive());
  }
}

TEST(ReplayMemory, GoesOnAfterItWasMoved) {
  const ReplayOptions options{.buffer_size = 50, .lanes = 2, .frame_bytes = 3, .stack = 2};
  RandomPlay play(options, 6);
  ReplayMemory first(options);
  play.Steps(30, {&first});
  ReplayMemory second(std::move(first));
  play.Steps(60, {&second});
  RandomStream random(1, "sample");
  Batch batch;
  second.Sample(100, 2, random, batch);
  ExpectBatchIsRight(batch, play.naive());
}

TEST(ReplayMemory, RefusesMisuseAndStaysAsItWas) {
  ReplayMemory memory({.buffer_size = 10, .lanes = 2, .frame_bytes = 1});
  RandomStream random(1, "sample");
  Batch batch;
  EXPECT_THROW(memory.Sample(1, 1, random, batch), std::invalid_argument);
  EXPECT_THROW(memory.Append(0, {}, Frame{1}), std::invalid_argument);
  EXPECT_THROW(memory.Begin(2, Frame{1}), std::invalid_argument);
  EXPECT_THROW(memory.Begin(-1, Frame{1}), std::invalid_argument);
  EXPECT_THROW(memory.Begin(0, std::array<uint8_t, 2>{}), std::invalid_argument);
  memory.Begin(0, Frame{1});
  EXPECT_THROW(memory.Append(0, {}, std::array<uint8_t, 2>{}), std::invalid_argument);
  EXPECT_THROW(memory.Append(1, {}, Frame{1}), std::invalid_argument);
  memory.Append(0, {.truncated = true}, Frame{2});
  EXPECT_THROW(memory.Append(0, {}, Frame{3}), std::invalid_argument);
  EXPECT_THROW(memory.Sample(0, 1, random, batch), std::invalid_argument);
  EXPECT_THROW(memory.Sample(1, 0, random, batch), std::invalid_argument);
  EXPECT_EQ(memory.appended(), 1);
  EXPECT_EQ(random.words_drawn(), 0u);
}

TEST(ReplayMemory, TakesOnePriorityForEachIndex) {
  ReplayMemory memory(ReplayOptions{});
  const std::array<int64_t, 2> indices = {0, 1};
  const std::array<float, 2> priorities = {1, 2};
  EXPECT_NO_THROW(memory.UpdatePriorities(indices, priorities));
  EXPECT_THROW(memory.UpdatePriorities(indices, std::span(priorities).first(1)),
               std::invalid_argument);
}

TEST(ReplayMemory, RefusesOptionsOutOfRangeAndNamesThem) {
  const auto expect_refused = [](const ReplayOptions& options, const std::string& name) {
    EXPECT_THAT([&] { ReplayMemory memory(options); },
                ThrowsMessage<std::invalid_argument>(HasSubstr(name)));
  };
  expect_refused({.buffer_size = 0}, "buffer_size is 0");
  expect_refused({.buffer_size = int64_t{1} << 32}, "4294967295");
  expect_refused({.lanes = 0}, "lanes");
  expect_refused({.frame_bytes = 0}, "frame_bytes");
  expect_refused({.stack = 0}, "stack");
  expect_refused({.stack = 65}, "stack");
  expect_refused({.segment_transitions = 0}, "segment_transitions");
}

TEST(ReplayMemory, SizesSegmentsByTheBuffer) {
  EXPECT_EQ(ReplayOptions{.buffer_size = 10}.Shape().transitions, 64);
  EXPECT_EQ(ReplayOptions{.buffer_size = 32'000}.Shape().transitions, 1'000);
  EXPECT_EQ(ReplayOptions{.buffer_size = 1'000'000}.Shape().transitions, 4'096);
}

}  // namespace
}  // namespace dqnd
