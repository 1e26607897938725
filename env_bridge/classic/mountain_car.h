#pragma once

#include <memory>

#include "env_bridge/environment.h"
#include "env_bridge/environment_options.h"

namespace dqnd {

// Gymnasium's MountainCar-v0 as `classic:mountain_car`: a car too weak to drive straight up a hill
// (Moore, "Efficient memory-based learning for robot control", 1990). Observation: position and
// velocity. Reward -1 per env_step; terminated at position 0.5; truncated after 200 env_steps.
std::unique_ptr<Environment> MakeMountainCar(const EnvironmentOptions& options);

}  // namespace dqnd
