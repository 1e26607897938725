#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "env_bridge/environment.h"
#include "env_bridge/environment_options.h"

namespace dqnd {

// Makes a game of MinAtar by its name: "breakout" for the environment minatar:breakout. Of
// `options` it reads repeat_action_probability, difficulty_ramping, max_episode_env_steps and
// frame_stack. Throws std::invalid_argument when there is no such game (the message names the
// nearest one) or when one of those options is out of its range.
std::unique_ptr<Environment> MakeMinatar(std::string_view game, const EnvironmentOptions& options);

// The names of all games, sorted.
std::vector<std::string> MinatarGames();

}  // namespace dqnd
