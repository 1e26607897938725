#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/random_stream.h"

namespace dqnd {

// What an env_step leaves behind, beside the frames before and after it.
struct Transition {
  int32_t action = 0;
  float reward = 0;         // raw
  bool terminated = false;  // the state after it is terminal: worth 0, never bootstrapped
  bool truncated = false;   // the episode was cut after it: its next state is still worth something
  friend bool operator==(const Transition&, const Transition&) = default;
};

struct ReplayOptions {
  // These change what is remembered.
  int64_t buffer_size = 100'000;     // transitions that can be sampled: the newest so many
  std::optional<int64_t> max_bytes;  // a second bound, see ReplayMemory; unset: none
  int lanes = 1;                     // parallel environments, each with an episode of its own
  int frame_bytes = 1;               // bytes of one observation
  int stack = 1;                     // observations in a state
  // Transitions in a segment. Smaller segments evict more finely; larger ones repeat fewer frames.
  // Unset: buffer_size / 32, at least 64 and at most 4,096.
  std::optional<int64_t> segment_transitions;
};

// A batch of sampled transitions. Reused from call to call, so that sampling does not allocate.
struct Batch {
  int size = 0;
  int n_steps = 0;
  std::vector<uint8_t> states;       // [size, stack, frame_bytes], oldest frame first
  std::vector<uint8_t> next_states;  // [size, stack, frame_bytes], `steps` env_steps later
  std::vector<int32_t> actions;      // [size]
  std::vector<float> rewards;        // [size, n_steps], 0 from `steps` on
  std::vector<int32_t> steps;        // [size], 1..n_steps: env_steps between state and next state
  std::vector<uint8_t> terminated;   // [size], 1: the next state is terminal
  std::vector<int64_t> indices;      // [size], the transition's number since the run began
  std::vector<float> weights;        // [size], importance weights; 1 under uniform sampling
};

// The bounded memory of the newest transitions.
//
// Frames are stored once: a state is the last `stack` frames of its episode, put together when it
// is sampled, with zeros before the episode's first. A transition and its successor share all but
// one frame. Transitions lie in segments of a fixed count; a segment begins with copies of the
// frames that its first states need, so each stands alone. A full segment is sealed: it never
// changes again and may be shared (`sealed_segments`) while the memory goes on.
//
// The oldest segment is dropped when none of its transitions is among the newest `buffer_size`;
// with `max_bytes` set, also when the memory would otherwise exceed it, and then fewer than
// `buffer_size` are remembered.
//
// Bytes and indices only: no tensors, no files. Not safe for use by several threads at once.
class ReplayMemory {
 public:
  // Throws std::invalid_argument when an option is out of range, or `max_bytes` is too small for
  // two segments (the message says how much those need).
  explicit ReplayMemory(const ReplayOptions& options);
  ~ReplayMemory();
  ReplayMemory(ReplayMemory&&) noexcept;
  ReplayMemory& operator=(ReplayMemory&&) noexcept;

  // Begins an episode in `lane` with its first frame. REQUIRES: frame.size() == frame_bytes.
  void Begin(int lane, std::span<const uint8_t> frame);

  // Stores the transition from the lane's newest frame to `next_frame`. After a terminated or
  // truncated one the lane needs Begin before the next Append. REQUIRES: Begin was called.
  void Append(int lane, const Transition& transition, std::span<const uint8_t> next_frame);

  // Draws `batch_size` transitions uniformly with replacement, one word of `random` each (rarely
  // more). With n_steps > 1 the next state lies up to n_steps env_steps later: fewer where the
  // episode ends, and where the segment ends, so that no batch depends on two segments.
  // REQUIRES: size() > 0.
  void Sample(int batch_size, int n_steps, RandomStream& random, Batch& batch) const;

  // Takes new priorities for sampled transitions (Batch::indices). Uniform sampling has no use for
  // them; the call is the seam for prioritized replay. Throws std::invalid_argument when the two
  // differ in length.
  void UpdatePriorities(std::span<const int64_t> indices, std::span<const float> priorities);

  int64_t size() const;      // transitions that can be sampled now
  int64_t appended() const;  // transitions since the run began
  int64_t bytes() const;     // memory held, segments in the making included
  const ReplayOptions& options() const;

  // Most bytes that a memory of these options can come to hold when episodes are at least
  // `shortest_episode` env_steps long.
  static int64_t BytesAtBound(const ReplayOptions& options, int64_t shortest_episode = 16);

  // Contents, write positions and lane states. LoadState throws std::runtime_error when the bytes
  // were saved under other options or are damaged.
  void SaveState(ByteWriter& writer) const;
  void LoadState(ByteReader& reader);

 private:
  class Segment;
  struct Lane;

  ReplayOptions options_;
  std::deque<std::shared_ptr<Segment>> segments_;  // oldest first; the last is in the making
  std::vector<Lane> lanes_;
  int64_t appended_ = 0;
};

}  // namespace dqnd
