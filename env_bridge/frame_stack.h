#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "env_bridge/environment.h"

namespace dqnd {

// The states that a network acts on: the newest `stack` observations of each of n parallel games
// (lanes), oldest first, with zeros before an episode's first. The acting side's counterpart of
// what the replay memory puts together when it samples. Not safe for use by several threads at
// once.
class FrameStack {
 public:
  // Stacks observation.stack observations. Throws std::invalid_argument when lanes < 1.
  FrameStack(int lanes, const ObservationSpec& observation);

  // Begins an episode in `lane` with its first observation. REQUIRES: 0 <= lane < lanes and
  // observation.size() is that of one observation, as for Push.
  void Begin(int lane, std::span<const uint8_t> observation);

  // Adds the lane's next observation, for which its oldest one goes.
  void Push(int lane, std::span<const uint8_t> observation);

  // [lanes, stack, bytes of an observation]. The span stays valid, its content changes with each
  // call.
  std::span<const uint8_t> states() const { return states_; }

  // LoadState throws std::runtime_error when the bytes were saved by a stack of another size.
  void SaveState(ByteWriter& writer) const;
  void LoadState(ByteReader& reader);

 private:
  std::span<uint8_t> Lane(int lane);

  size_t observation_bytes_;
  size_t lane_bytes_;
  std::vector<uint8_t> states_;
};

}  // namespace dqnd
