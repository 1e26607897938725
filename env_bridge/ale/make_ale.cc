#include "env_bridge/ale/make_ale.h"

#include "env_bridge/ale/ale_environment.h"
#include "env_bridge/ale/rom.h"

namespace dqnd {

std::unique_ptr<Environment> MakeAle(std::string_view game, const EnvironmentOptions& options) {
  return std::make_unique<AleEnvironment>(game, options);
}

std::vector<std::string> AleGames() {
  return AleGameNames();
}

}  // namespace dqnd
