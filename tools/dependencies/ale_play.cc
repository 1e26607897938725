// ale_play ROM FRAMES: plays a game at random, always the same way, for a compiler that watches.

#include <cstdlib>
#include <random>

#include "ale/ale_interface.hpp"

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  ale::Logger::setMode(ale::Logger::Error);
  ale::ALEInterface game;
  game.setInt("random_seed", 1);
  game.loadROM(argv[1]);
  const ale::ActionVect actions = game.getMinimalActionSet();
  std::minstd_rand random(1);
  for (int frame = 0; frame < std::atoi(argv[2]); ++frame) {
    if (game.game_over()) game.reset_game();
    game.act(actions[random() % actions.size()]);
  }
  return 0;
}
