#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "env_bridge/environment.h"
#include "env_bridge/environment_options.h"

namespace dqnd {

// Makes ale:GAME with the options of the ale family; `options.id` is not read. Throws
// std::invalid_argument when there is no such game (the message names the nearest one), when an
// option is out of its range, or when the ROM is missing, unreadable or another version.
std::unique_ptr<Environment> MakeAle(std::string_view game, const EnvironmentOptions& options);

// The games that MakeAle knows, in lower snake case, sorted.
std::vector<std::string> AleGames();

}  // namespace dqnd
