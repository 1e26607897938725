#pragma once

#include <string_view>

namespace dqnd {

// One measured number under its tag, named and grouped as Stable-Baselines3 does
// ("rollout/ep_rew_mean"). NaN stands for "not known yet". Whoever takes a Scalar copies what it
// keeps, so that the tag need only live as long as the call.
struct Scalar {
  std::string_view tag;
  double value;
};

}  // namespace dqnd
