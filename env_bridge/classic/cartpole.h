#pragma once

#include <memory>

#include "env_bridge/environment.h"
#include "env_bridge/environment_options.h"

namespace dqnd {

// Gymnasium's CartPole-v1 as `classic:cartpole`: a pole on a cart (Barto, Sutton and Anderson,
// "Neuronlike adaptive elements that can solve difficult learning control problems", 1983).
// Observation: cart position and velocity, pole angle (rad) and angular velocity. Reward 1 per
// env_step; terminated when the cart is 2.4 from the centre or the pole leans 12 degrees; truncated
// after 500 env_steps.
std::unique_ptr<Environment> MakeCartPole(const EnvironmentOptions& options);

}  // namespace dqnd
