#pragma once

#include <memory>

#include "env_bridge/environment.h"
#include "env_bridge/environment_options.h"

namespace dqnd {

// Gymnasium's Acrobot-v1 as `classic:acrobot`: a two-link pendulum driven at the joint between its
// links (Sutton, "Generalization in reinforcement learning: successful examples using sparse coarse
// coding", 1996), with the dynamics of Sutton and Barto's book. Observation: cosine and sine of
// both angles, then both angular velocities. Reward -1 per env_step and 0 for the last; terminated
// when the tip is one link's length above the pivot; truncated after 500 env_steps.
std::unique_ptr<Environment> MakeAcrobot(const EnvironmentOptions& options);

}  // namespace dqnd
