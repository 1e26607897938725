#include "env_bridge/minatar/make_minatar.h"

#include <stdexcept>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/nearest_name.h"
#include "env_bridge/minatar/asterix.h"
#include "env_bridge/minatar/breakout.h"
#include "env_bridge/minatar/freeway.h"
#include "env_bridge/minatar/seaquest.h"
#include "env_bridge/minatar/space_invaders.h"

namespace dqnd {

std::unique_ptr<Environment> MakeMinatar(std::string_view game, const EnvironmentOptions& options) {
  if (game == "asterix") return std::make_unique<MinatarAsterix>(options);
  if (game == "breakout") return std::make_unique<MinatarBreakout>(options);
  if (game == "freeway") return std::make_unique<MinatarFreeway>(options);
  if (game == "seaquest") return std::make_unique<MinatarSeaquest>(options);
  if (game == "space_invaders") return std::make_unique<MinatarSpaceInvaders>(options);

  const std::vector<std::string> games = MinatarGames();
  const std::string nearest = NearestName(game, games);
  throw std::invalid_argument(
      fmt::format("minatar has no game \"{}\"{}; it has {}", game,
                  nearest.empty() ? "" : fmt::format(", did you mean \"{}\"?", nearest),
                  fmt::join(games, ", ")));
}

std::vector<std::string> MinatarGames() {
  return {"asterix", "breakout", "freeway", "seaquest", "space_invaders"};
}

}  // namespace dqnd
