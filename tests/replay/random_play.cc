#include "tests/replay/random_play.h"

#include <algorithm>
#include <array>

#include <gtest/gtest.h>

namespace dqnd {
namespace {

template <typename T>
std::vector<T> Part(const std::vector<T>& values, size_t index, size_t size) {
  const auto begin = values.begin() + static_cast<std::ptrdiff_t>(index * size);
  return {begin, begin + static_cast<std::ptrdiff_t>(size)};
}

}  // namespace

NaiveStore::NaiveStore(const ReplayOptions& options)
    : options_(options), lanes_(static_cast<size_t>(options.lanes)) {}

void NaiveStore::Begin(int lane, std::span<const uint8_t> frame) {
  Lane& here = lanes_[static_cast<size_t>(lane)];
  here.episode = ++episodes_;
  here.state.assign(static_cast<size_t>(options_.stack - 1) * frame.size(), 0);
  here.state.insert(here.state.end(), frame.begin(), frame.end());
}

void NaiveStore::Append(int lane, const Transition& transition,
                        std::span<const uint8_t> next_frame) {
  Lane& here = lanes_[static_cast<size_t>(lane)];
  std::vector<uint8_t> next(here.state.begin() + options_.frame_bytes, here.state.end());
  next.insert(next.end(), next_frame.begin(), next_frame.end());
  entries_.push_back({lane, here.episode, transition, here.state, next});
  here.state = next;
}

Batch NaiveStore::Expected(int64_t index, int n_steps) const {
  const Entry& first = entries_[static_cast<size_t>(index)];
  const int64_t per_segment = options_.Shape().transitions;
  const int64_t segment_end = std::min((index / per_segment + 1) * per_segment, appended());
  Batch batch;
  batch.size = 1;
  batch.n_steps = n_steps;
  batch.states = first.state;
  const Entry* last = nullptr;
  for (int64_t i = index; i < segment_end; ++i) {
    const Entry& entry = entries_[static_cast<size_t>(i)];
    if (entry.lane != first.lane) continue;
    if (entry.episode != first.episode || static_cast<int>(batch.rewards.size()) == n_steps) break;
    batch.rewards.push_back(entry.transition.reward);
    last = &entry;
  }
  batch.steps = {static_cast<int32_t>(batch.rewards.size())};
  batch.rewards.resize(static_cast<size_t>(n_steps));
  batch.next_states = last->next_state;
  batch.actions = {first.transition.action};
  batch.terminated = {last->transition.terminated};
  batch.indices = {index};
  batch.weights = {1.0f};
  return batch;
}

RandomPlay::RandomPlay(const ReplayOptions& options, uint64_t seed, const PlayStyle& style)
    : options_(options),
      style_(style),
      random_(seed, "play"),
      naive_(options),
      in_episode_(static_cast<size_t>(options.lanes)) {}

void RandomPlay::Step(std::initializer_list<ReplayMemory*> memories) {
  const int lane = style_.in_turn
                       ? next_lane_++ % options_.lanes
                       : static_cast<int>(random_.Below(static_cast<uint32_t>(options_.lanes)));
  auto in_episode = in_episode_[static_cast<size_t>(lane)];
  if (!in_episode || random_.Uniform() < style_.abandon) {
    const std::vector<uint8_t> frame = RandomFrame();
    naive_.Begin(lane, frame);
    for (ReplayMemory* memory : memories) memory->Begin(lane, frame);
  }
  Transition transition{.action = static_cast<int32_t>(random_.NextWord()),
                        .reward = static_cast<float>(random_.Uniform() - 0.5)};
  if (random_.Uniform() < style_.end) {
    const uint32_t way = random_.Below(5);
    transition.terminated = way < 3;
    transition.truncated = way > 1;
  }
  in_episode = !transition.done();
  const std::vector<uint8_t> frame = RandomFrame();
  naive_.Append(lane, transition, frame);
  for (ReplayMemory* memory : memories) memory->Append(lane, transition, frame);
}

void RandomPlay::Steps(int count, std::initializer_list<ReplayMemory*> memories) {
  for (int i = 0; i < count; ++i) Step(memories);
}

std::vector<uint8_t> RandomPlay::RandomFrame() {
  std::vector<uint8_t> frame(static_cast<size_t>(options_.frame_bytes));
  // Never 0, so that the zeros before an episode are told from real frames.
  // A codec finds all, some or nothing of it to compress.
  const uint32_t values = std::array<uint32_t, 3>{1, 3, 255}[random_.Below(3)];
  for (uint8_t& byte : frame) byte = static_cast<uint8_t>(1 + random_.Below(values));
  return frame;
}

void ExpectBatchIsRight(const Batch& batch, const NaiveStore& naive) {
  for (size_t i = 0; i < static_cast<size_t>(batch.size); ++i) {
    SCOPED_TRACE("transition " + std::to_string(batch.indices[i]));
    const Batch expected = naive.Expected(batch.indices[i], batch.n_steps);
    const size_t state_bytes = expected.states.size();
    EXPECT_EQ(Part(batch.states, i, state_bytes), expected.states);
    EXPECT_EQ(Part(batch.next_states, i, state_bytes), expected.next_states);
    EXPECT_EQ(Part(batch.rewards, i, static_cast<size_t>(batch.n_steps)), expected.rewards);
    EXPECT_EQ(batch.actions[i], expected.actions[0]);
    EXPECT_EQ(batch.steps[i], expected.steps[0]);
    EXPECT_EQ(batch.terminated[i], expected.terminated[0]);
    EXPECT_EQ(batch.weights[i], expected.weights[0]);
  }
}

ReplayOptions RandomOptions(RandomStream& random) {
  const auto between = [&](int smallest, int largest) {
    return smallest + static_cast<int>(random.Below(static_cast<uint32_t>(largest - smallest + 1)));
  };
  return {.buffer_size = between(1, 60),
          .lanes = between(1, 4),
          .frame_bytes = between(0, 3) == 0 ? between(20, 100) : between(1, 9),
          .stack = between(1, 4),
          .segment_transitions = between(1, 20),
          .codec = between(0, 1) == 0 ? FrameCodec::kNone : FrameCodec::kLz4};
}

}  // namespace dqnd
