// Random episodes, played into a replay memory and a naive store that keeps every state.
#include <algorithm>
#include <cmath>
#include <functional>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "tests/replay/random_play.h"

namespace dqnd {
namespace {

constexpr uint64_t kCases = 60;

// Each seed is another memory: other lanes, stack, segments, buffer, episodes.
struct Case {
  explicit Case(uint64_t seed)
      : random(seed, "options"), options(RandomOptions(random)), play(options, seed, Style()) {}

  PlayStyle Style() {
    style.end = random.Uniform() < 0.2 ? 1.0 : 0.3 * random.Uniform();
    style.abandon = 0.1 * random.Uniform();
    style.in_turn = random.Below(2) == 0;
    return style;
  }

  RandomStream random;
  ReplayOptions options;
  PlayStyle style;
  RandomPlay play;
  ReplayMemory memory{options};
  Batch batch;
};

// Runs `check` on every case until one fails, and says which.
void ForEachCase(const std::function<void(Case&)>& check) {
  for (uint64_t seed = 1; seed <= kCases && !::testing::Test::HasFailure(); ++seed) {
    Case one(seed);
    SCOPED_TRACE("seed " + std::to_string(seed) + ": buffer " +
                 std::to_string(one.options.buffer_size) + ", segment " +
                 std::to_string(one.options.Shape().transitions) + ", lanes " +
                 std::to_string(one.options.lanes) + ", stack " +
                 std::to_string(one.options.stack) + ", end " + std::to_string(one.style.end));
    check(one);
  }
}

TEST(ReplayMemoryProperty, SamplesExactlyWhatANaiveStoreHolds) {
  ForEachCase([](Case& one) {
    for (int step = 0; step < 200 && !::testing::Test::HasFailure(); ++step) {
      one.play.Step({&one.memory});
      const int n_steps = 1 + static_cast<int>(one.random.Below(5));
      one.memory.Sample(8, n_steps, one.random, one.batch);
      ExpectBatchIsRight(one.batch, one.play.naive());
    }
  });
}

TEST(ReplayMemoryProperty, SamplesTheNewestTransitionsAllOfThemAndNoOthers) {
  ForEachCase([](Case& one) {
    for (int checkpoint = 0; checkpoint < 10; ++checkpoint) {
      one.play.Steps(1 + static_cast<int>(one.random.Below(30)), {&one.memory});
      const int64_t appended = one.play.naive().appended();
      const int64_t remembered = std::min(appended, one.options.buffer_size);
      ASSERT_EQ(one.memory.appended(), appended);
      ASSERT_EQ(one.memory.size(), remembered);
      one.memory.Sample(static_cast<int>(remembered) * 20, 1, one.random, one.batch);
      const std::set<int64_t> seen(one.batch.indices.begin(), one.batch.indices.end());
      EXPECT_EQ(static_cast<int64_t>(seen.size()), remembered);
      EXPECT_EQ(*seen.begin(), appended - remembered);
      EXPECT_EQ(*seen.rbegin(), appended - 1);
    }
  });
}

TEST(ReplayMemoryProperty, KeepsNoSegmentThatNothingIsSampledFrom) {
  ForEachCase([](Case& one) {
    for (int step = 0; step < 200; ++step) {
      one.play.Step({&one.memory});
      if (one.memory.sealed_segments().empty()) continue;
      const Segment& oldest = *one.memory.sealed_segments().front();
      EXPECT_GT(oldest.first_transition() + oldest.size(),
                one.memory.appended() - one.memory.size());
    }
  });
}

TEST(ReplayMemoryProperty, NeverHoldsMoreThanItSaysItCan) {
  ForEachCase([](Case& one) {
    for (int step = 0; step < 300; ++step) {
      one.play.Step({&one.memory});
      ASSERT_LE(one.memory.bytes(), ReplayMemory::BytesAtBound(one.options, 1));
    }
  });
}

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
