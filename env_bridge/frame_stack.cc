#include "env_bridge/frame_stack.h"

#include <algorithm>
#include <cassert>
#include <stdexcept>

#include <fmt/format.h>

namespace dqnd {

FrameStack::FrameStack(int lanes, const ObservationSpec& observation)
    : observation_bytes_(observation.bytes()), lane_bytes_(observation.stack * observation_bytes_) {
  if (lanes < 1) {
    throw std::invalid_argument(
        fmt::format("a frame stack of {} lanes was asked for; it needs at least 1", lanes));
  }
  states_.resize(lanes * lane_bytes_);
}

void FrameStack::Begin(int lane, std::span<const uint8_t> observation) {
  assert(observation.size() == observation_bytes_);
  const std::span<uint8_t> state = Lane(lane);
  std::ranges::fill(state, uint8_t{0});
  std::ranges::copy(observation, state.last(observation_bytes_).begin());
}

void FrameStack::Push(int lane, std::span<const uint8_t> observation) {
  assert(observation.size() == observation_bytes_);
  const std::span<uint8_t> state = Lane(lane);
  std::ranges::copy(state.subspan(observation_bytes_), state.begin());
  std::ranges::copy(observation, state.last(observation_bytes_).begin());
}

std::span<uint8_t> FrameStack::Lane(int lane) {
  assert(lane >= 0 && (static_cast<size_t>(lane) + 1) * lane_bytes_ <= states_.size());
  return std::span(states_).subspan(static_cast<size_t>(lane) * lane_bytes_, lane_bytes_);
}

void FrameStack::SaveState(ByteWriter& writer) const {
  writer.Array(std::span<const uint8_t>(states_));
}

void FrameStack::LoadState(ByteReader& reader) {
  reader.Array(std::span<uint8_t>(states_));
}

}  // namespace dqnd
