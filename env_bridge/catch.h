#pragma once

#include <memory>

#include "env_bridge/environment.h"
#include "env_bridge/environment_options.h"

namespace dqnd {

// The game Catch as `catch`, after bsuite (Osband et al., "Behaviour suite for reinforcement
// learning", 2020): on a board of 10 rows and 5 columns a ball falls from a random column of the
// top row, one row per env_step; the paddle in the bottom row begins in the middle and moves left,
// stays or moves right. When the ball arrives at the bottom row, after 9 env_steps, the reward is 1
// if the paddle is under it and -1 if not, and the episode is terminated.
//
// Observation: uint8 [10, 5, 1], 1 where ball or paddle are and 0 elsewhere. Learned within
// seconds, and therefore what fast tests learn. The columns are drawn from RandomStream(seed,
// "catch").
std::unique_ptr<Environment> MakeCatch(const EnvironmentOptions& options);

}  // namespace dqnd
