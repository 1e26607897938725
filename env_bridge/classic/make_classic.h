#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "env_bridge/environment.h"
#include "env_bridge/environment_options.h"

namespace dqnd {

// Gymnasium's classic-control game `game` ("cartpole", "acrobot", "mountain_car"). Throws
// std::invalid_argument for any other name.
std::unique_ptr<Environment> MakeClassic(std::string_view game, const EnvironmentOptions& options);

// The names that MakeClassic knows, sorted.
std::vector<std::string> ClassicGames();

}  // namespace dqnd
