#pragma once

#include <cstdint>

namespace dqnd {

// What an env_step leaves behind, beside the frames before and after it.
struct Transition {
  int32_t action = 0;
  float reward = 0;         // raw
  bool terminated = false;  // the state after it is terminal: worth 0, never bootstrapped
  bool truncated = false;   // the episode was cut after it: its next state is still worth something

  bool done() const { return terminated || truncated; }
  friend bool operator==(const Transition&, const Transition&) = default;
};

}  // namespace dqnd
