#pragma once

#include <cstdint>

namespace dqnd {

// A number that goes from `initial` to `final` in a straight line over a run's first
// `decay_env_steps`, and stays there; 0: it is `final` from the beginning.
struct LinearSchedule {
  double initial;
  double final;
  int64_t decay_env_steps;

  double At(int64_t env_steps) const {
    if (env_steps >= decay_env_steps) return final;
    const double done = static_cast<double>(env_steps) / static_cast<double>(decay_env_steps);
    return initial + done * (final - initial);
  }
};

}  // namespace dqnd
