// Random episodes, played into a replay memory and a naive store that keeps every state.
#include <algorithm>
#include <cmath>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "tests/replay/random_play.h"

namespace dqnd {
namespace {

// Each seed is another memory: other lanes, stack, segments, buffer, episodes.
class ReplayMemoryProperty : public ::testing::TestWithParam<int> {
 protected:
  ReplayMemoryProperty() {
    RecordProperty("seed", GetParam());
    options_ = RandomOptions(random_);
    style_.end = random_.Uniform() < 0.2 ? 1.0 : 0.3 * random_.Uniform();
    style_.abandon = 0.1 * random_.Uniform();
    style_.in_turn = random_.Below(2) == 0;
  }

  std::string Description() const {
    return "seed " + std::to_string(GetParam()) + ": buffer " +
           std::to_string(options_.buffer_size) + ", segment " +
           std::to_string(*options_.segment_transitions) + ", lanes " +
           std::to_string(options_.lanes) + ", stack " + std::to_string(options_.stack) + ", end " +
           std::to_string(style_.end);
  }

  RandomStream random_{static_cast<uint64_t>(GetParam()), "options"};
  ReplayOptions options_;
  PlayStyle style_;
};

TEST_P(ReplayMemoryProperty, SamplesExactlyWhatANaiveStoreHolds) {
  SCOPED_TRACE(Description());
  RandomPlay play(options_, static_cast<uint64_t>(GetParam()), style_);
  ReplayMemory memory(options_);
  Batch batch;
  for (int step = 0; step < 200; ++step) {
    play.Step({&memory});
    memory.Sample(8, 1 + static_cast<int>(random_.Below(5)), random_, batch);
    ExpectBatchIsRight(batch, play.naive());
    if (HasFailure()) return;
  }
}

TEST_P(ReplayMemoryProperty, SamplesTheNewestTransitionsAllOfThemAndNoOthers) {
  SCOPED_TRACE(Description());
  RandomPlay play(options_, static_cast<uint64_t>(GetParam()), style_);
  ReplayMemory memory(options_);
  Batch batch;
  for (int checkpoint = 0; checkpoint < 10; ++checkpoint) {
    play.Steps(1 + static_cast<int>(random_.Below(30)), {&memory});
    const int64_t appended = play.naive().appended();
    const int64_t remembered = std::min(appended, options_.buffer_size);
    ASSERT_EQ(memory.appended(), appended);
    ASSERT_EQ(memory.size(), remembered);
    memory.Sample(static_cast<int>(remembered) * 20, 1, random_, batch);
    const std::set<int64_t> seen(batch.indices.begin(), batch.indices.end());
    EXPECT_EQ(static_cast<int64_t>(seen.size()), remembered);
    EXPECT_EQ(*seen.begin(), appended - remembered);
    EXPECT_EQ(*seen.rbegin(), appended - 1);
  }
}

TEST_P(ReplayMemoryProperty, KeepsNoSegmentThatNothingIsSampledFrom) {
  SCOPED_TRACE(Description());
  RandomPlay play(options_, static_cast<uint64_t>(GetParam()), style_);
  ReplayMemory memory(options_);
  for (int step = 0; step < 200; ++step) {
    play.Step({&memory});
    if (memory.sealed_segments().empty()) continue;
    const Segment& oldest = *memory.sealed_segments().front();
    EXPECT_GT(oldest.first_transition() + oldest.size(), memory.appended() - memory.size());
  }
}

TEST_P(ReplayMemoryProperty, NeverHoldsMoreThanItSaysItCan) {
  SCOPED_TRACE(Description());
  RandomPlay play(options_, static_cast<uint64_t>(GetParam()), style_);
  ReplayMemory memory(options_);
  for (int step = 0; step < 300; ++step) {
    play.Step({&memory});
    ASSERT_LE(memory.bytes(), ReplayMemory::BytesAtBound(options_, 1));
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, ReplayMemoryProperty, ::testing::Range(1, 61));

TEST(ReplayMemorySampling, IsUniformOverTheNewestTransitions) {
  const ReplayOptions options{.buffer_size = 200, .lanes = 3, .segment_transitions = 32};
  RandomPlay play(options, 11);
  ReplayMemory memory(options);
  play.Steps(1'000, {&memory});
  RandomStream random(12, "sample");
  Batch batch;
  memory.Sample(200'000, 1, random, batch);
  std::vector<double> counts(200);
  for (const int64_t index : batch.indices) ++counts[static_cast<size_t>(index - 800)];
  double chi_square = 0;
  for (const double count : counts) chi_square += (count - 1'000) * (count - 1'000) / 1'000;
  // 199 degrees of freedom: mean 199, deviation 20; five deviations either way.
  EXPECT_LT(std::abs(chi_square - 199), 5 * std::sqrt(2 * 199.0));
}

TEST(ReplayMemorySampling, RepeatsItselfFromTheSameStream) {
  const ReplayOptions options{.buffer_size = 200, .lanes = 2, .frame_bytes = 4, .stack = 3};
  RandomPlay play(options, 13);
  ReplayMemory memory(options);
  play.Steps(500, {&memory});
  RandomStream first(14, "sample"), second(14, "sample");
  Batch one, two;
  memory.Sample(64, 3, first, one);
  memory.Sample(64, 3, second, two);
  EXPECT_EQ(one.indices, two.indices);
  EXPECT_EQ(one.states, two.states);
  EXPECT_EQ(one.next_states, two.next_states);
}

}  // namespace
}  // namespace dqnd
