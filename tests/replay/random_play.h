#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <vector>

#include "base/random_stream.h"
#include "replay/replay_memory.h"

namespace dqnd {

// What a replay memory should be, written as plainly as possible: every transition with its two
// full states, for ever, and no sharing of anything.
class NaiveStore {
 public:
  explicit NaiveStore(const ReplayOptions& options);

  void Begin(int lane, std::span<const uint8_t> frame);
  void Append(int lane, const Transition& transition, std::span<const uint8_t> next_frame);

  // The transition that a batch should hold for `index`, as a batch of one.
  Batch Expected(int64_t index, int n_steps) const;

  int64_t appended() const { return static_cast<int64_t>(entries_.size()); }

 private:
  struct Entry {
    int lane = 0;
    int episode = 0;
    Transition transition;
    std::vector<uint8_t> state, next_state;  // [stack, frame_bytes]
  };
  struct Lane {
    int episode = 0;
    std::vector<uint8_t> state;
  };

  const ReplayOptions options_;
  std::vector<Entry> entries_;
  std::vector<Lane> lanes_;
  int episodes_ = 0;
};

// How random episodes go.
struct PlayStyle {
  double end = 0.15;  // probability that an env_step ends its episode, one way or the other
  double abandon =
      0.02;             // probability that an episode is left off for a new one before an env_step
  bool in_turn = true;  // the lanes act one after the other; else in any order
};

// Plays random episodes into replay memories and a naive store alike.
class RandomPlay {
 public:
  RandomPlay(const ReplayOptions& options, uint64_t seed, const PlayStyle& style = {});

  // One env_step: one more transition in the naive store and in every memory.
  void Step(std::initializer_list<ReplayMemory*> memories);
  void Steps(int count, std::initializer_list<ReplayMemory*> memories);

  const NaiveStore& naive() const { return naive_; }

 private:
  std::vector<uint8_t> RandomFrame();

  const ReplayOptions options_;
  const PlayStyle style_;
  RandomStream random_;
  NaiveStore naive_;
  std::vector<bool> in_episode_;
  int next_lane_ = 0;
};

// Compares every transition of a batch with what the naive store says (GoogleTest expectations).
void ExpectBatchIsRight(const Batch& batch, const NaiveStore& naive);

// Random options: lanes 1..4, stack 1..4, small segments and buffers, frames of 1..100 bytes,
// either codec.
ReplayOptions RandomOptions(RandomStream& random);

}  // namespace dqnd
