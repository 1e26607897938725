#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
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

// A policy whose network trains meanwhile. Owned and called by one thread.
class LivePolicy : public Policy {
 public:
  // Takes the parameters that were published last, if they are newer than its own. Returns the
  // env_steps of the run when they were published.
  virtual int64_t Refresh() = 0;
};

// Where watchers get the network from. Safe for use by several threads at once.
class PolicySource {
 public:
  virtual ~PolicySource() = default;

  // A policy with the parameters that were published last. While one exists, the run publishes its
  // parameters about once a second.
  virtual std::unique_ptr<LivePolicy> Make() = 0;
};

// The action of the highest value, the first of equals. REQUIRES: values is not empty.
inline int GreedyAction(std::span<const float> values) {
  return static_cast<int>(std::ranges::max_element(values) - values.begin());
}

}  // namespace dqnd
