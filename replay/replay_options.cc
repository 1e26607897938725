#include "replay/replay_options.h"

#include "replay/replay_memory.h"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <string>

namespace dqnd {
namespace {

// Wide enough for any machine, and narrow enough that no product of them overflows 63 bits.
constexpr int64_t kMostTransitions = std::numeric_limits<uint32_t>::max();
constexpr int64_t kMostSegmentTransitions = int64_t{1} << 20;
constexpr int64_t kMostFrameBytes = int64_t{1} << 24;
constexpr int64_t kMostLanes = int64_t{1} << 16;
constexpr int64_t kMostStack = 64;

bool HasLargeFrames(const ReplayOptions& options) {
  return options.frame_bytes >= 1'024;
}

// env_steps of an episode on average, or more.
int64_t UsualEpisode(const ReplayOptions& options) {
  return HasLargeFrames(options) ? 32 : 8;
}

void CheckRange(const std::string& option, int64_t value, int64_t smallest, int64_t largest) {
  if (value < smallest || value > largest) {
    throw std::invalid_argument("replay " + option + " is " + std::to_string(value) +
                                "; it must be " + std::to_string(smallest) + " to " +
                                std::to_string(largest));
  }
}

}  // namespace

SegmentShape ReplayOptions::Shape() const {
  return {
      .transitions = segment_transitions.value_or(std::clamp<int64_t>(buffer_size / 32, 64, 4'096)),
      .lanes = lanes,
      .frame_bytes = frame_bytes,
      .stack = stack,
      .codec = codec};
}

int64_t ReplayOptions::LaneBytes() const {
  return lanes * Shape().state_bytes();
}

int64_t ReplayOptions::LeastBytes() const {
  return 2 * Shape().MostBytes() + LaneBytes();
}

int64_t ReplayOptions::UsualBytes() const {
  constexpr int kLz4Ratio = 7;
  const int64_t bytes = HasLargeFrames(*this) && codec == FrameCodec::kLz4
                            ? buffer_size * frame_bytes / kLz4Ratio
                            : ReplayMemory::BytesAtBound(*this, UsualEpisode(*this));
  return std::max(bytes, LeastBytes());
}

int64_t ReplayOptions::MostFullSegments() const {
  const int64_t transitions = Shape().transitions;
  return (buffer_size + transitions - 1) / transitions;
}

int64_t ReplayOptions::UsualFrames() const {
  const SegmentShape shape = Shape();
  return std::max((MostFullSegments() + 1) * shape.MostFrames(UsualEpisode(*this)),
                  2 * shape.MostFrames());
}

void CheckReplayOptions(const ReplayOptions& options) {
  CheckRange("buffer_size", options.buffer_size, 1, kMostTransitions);
  CheckRange("lanes", options.lanes, 1, kMostLanes);
  CheckRange("frame_bytes", options.frame_bytes, 1, kMostFrameBytes);
  CheckRange("stack", options.stack, 1, kMostStack);
  const SegmentShape shape = options.Shape();
  CheckRange("segment_transitions", shape.transitions, 1, kMostSegmentTransitions);
  if (options.max_bytes) {
    const int64_t least = options.LeastBytes();
    if (*options.max_bytes < least) {
      throw std::invalid_argument(
          "replay max_bytes is " + std::to_string(*options.max_bytes) + ", but two segments of " +
          std::to_string(shape.transitions) + " transitions can take " + std::to_string(least) +
          " bytes; raise max_bytes, or lower segment_transitions or buffer_size");
    }
  }
}

}  // namespace dqnd
