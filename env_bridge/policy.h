#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

namespace dqnd {

// What plays: values of actions in given states. The trainer implements it with its networks;
// evaluation and exhibition games need no more of an agent than this.
class Policy {
 public:
  virtual ~Policy() = default;

  // states: [n, stack, observation bytes], oldest frame first (env_bridge/frame_stack.h). Returns
  // Q(s, a) as [n, actions], row-major, which holds until the next call.
  virtual std::span<const float> ActionValues(std::span<const uint8_t> states) = 0;
};

// The action of the highest value, the first of equals. REQUIRES: values is not empty.
inline int GreedyAction(std::span<const float> values) {
  return static_cast<int>(std::ranges::max_element(values) - values.begin());
}

}  // namespace dqnd
