#pragma once

#include <memory>
#include <string>
#include <vector>

#include "env_bridge/environment.h"
#include "env_bridge/environment_options.h"

namespace dqnd {

// Makes the environment that `options.id` names. Throws std::invalid_argument when there is no such
// environment (the message names the nearest one), when an option is out of its range or does not
// apply to the family, or when a ROM is missing or unsupported.
std::unique_ptr<Environment> MakeEnvironment(const EnvironmentOptions& options);

// The ids of every native environment of this build, sorted.
std::vector<std::string> EnvironmentIds();

}  // namespace dqnd
