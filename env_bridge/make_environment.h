#pragma once

#include <memory>
#include <string>
#include <vector>

#include "env_bridge/environment.h"
#include "env_bridge/environment_options.h"

namespace dqnd {

// Throws std::invalid_argument when there is no environment `options.id` (the message names the
// nearest one), or an option is out of its range or does not apply to the family.
void CheckOptions(const EnvironmentOptions& options);

// Makes the environment that `options.id` names. Throws what CheckOptions throws,
// std::invalid_argument when a ROM is missing or unsupported or a worker refuses the game, and
// std::runtime_error when no worker comes up.
std::unique_ptr<Environment> MakeEnvironment(const EnvironmentOptions& options);

// Of the environment that MakeEnvironment would make. Asks a worker once for each game.
EnvironmentSpec SpecOf(const EnvironmentOptions& options);

// The ids of every native environment of this build, sorted.
std::vector<std::string> EnvironmentIds();

}  // namespace dqnd
