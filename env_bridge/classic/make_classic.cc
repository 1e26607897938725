#include "env_bridge/classic/make_classic.h"

#include <stdexcept>

#include "env_bridge/classic/acrobot.h"
#include "env_bridge/classic/cartpole.h"
#include "env_bridge/classic/mountain_car.h"

namespace dqnd {

std::unique_ptr<Environment> MakeClassic(std::string_view game, const EnvironmentOptions& options) {
  if (game == "acrobot") return MakeAcrobot(options);
  if (game == "cartpole") return MakeCartPole(options);
  if (game == "mountain_car") return MakeMountainCar(options);
  throw std::invalid_argument("there is no classic-control game \"" + std::string(game) +
                              "\"; there are acrobot, cartpole and mountain_car");
}

std::vector<std::string> ClassicGames() {
  return {"acrobot", "cartpole", "mountain_car"};
}

}  // namespace dqnd
