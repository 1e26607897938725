#pragma once

#include <cstdint>
#include <optional>

#include "replay/segment.h"

namespace dqnd {

struct ReplayOptions {
  // These change what is remembered.
  int64_t buffer_size = 100'000;  // transitions that can be sampled: the newest so many
  std::optional<int64_t> max_bytes = std::nullopt;  // a second bound, see ReplayMemory; unset: none
  int lanes = 1;        // parallel environments, each with an episode of its own
  int frame_bytes = 1;  // bytes of one observation
  int stack = 1;        // observations in a state
  // Transitions in a segment. Smaller segments evict more finely; larger ones repeat fewer frames.
  // Unset: buffer_size / 32, at least 64 and at most 4,096.
  std::optional<int64_t> segment_transitions = std::nullopt;
  // How much is remembered under max_bytes; without it, speed and size only.
  FrameCodec codec = FrameCodec::kNone;

  // The segments of a memory of these options, defaults filled in.
  SegmentShape Shape() const;

  // Full segments that the newest buffer_size transitions touch; one more is in the making.
  int64_t MostFullSegments() const;

  // Memory that the lanes take: in each, the state from which its episode goes on.
  int64_t LaneBytes() const;

  // The smallest max_bytes: two segments, whatever their episodes.
  int64_t LeastBytes() const;

  // The max_bytes that rarely costs a transition: enough for buffer_size of them when episodes last
  // 8 env_steps on average, or 32 where frames are of a kilobyte and more (Atari); with lz4 a
  // seventh of such large frames, so that a million Atari transitions take less than a gigabyte.
  int64_t UsualBytes() const;

  // The frames of such a memory, likewise.
  int64_t UsualFrames() const;
};

// Throws std::invalid_argument when an option is out of range, or `max_bytes` is too small for two
// segments; the message says the value and the range.
void CheckReplayOptions(const ReplayOptions& options);

}  // namespace dqnd
