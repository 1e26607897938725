#include "env_bridge/minatar/asterix.h"

#include <algorithm>

#include <gmock/gmock.h>

#include "tests/env_bridge/minatar/minatar_test_support.h"

namespace dqnd {
namespace {

enum Channel { kPlayer, kEnemy, kTrail, kGold };

size_t Runners(const Environment& game) {
  return Cells(game, kEnemy).size() + Cells(game, kGold).size();
}

TEST(MinatarAsterix, ThePlayerStaysOffTheTopAndBottomRows) {
  const auto game = NewGame("asterix", 1);
  Repeat(*game, kUp, 9);
  EXPECT_EQ(OnlyCell(*game, kPlayer), (MinatarCell{1, 5}));
  game->Reset();
  Repeat(*game, kDown, 9);
  EXPECT_EQ(OnlyCell(*game, kPlayer), (MinatarCell{8, 5}));
  game->Reset();
  Repeat(*game, kLeft, 9);
  EXPECT_EQ(OnlyCell(*game, kPlayer), (MinatarCell{5, 0}));
}

TEST(MinatarAsterix, SomebodyComesAtTheEleventhEnvStep) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const auto game = NewGame("asterix", seed);
    Repeat(*game, kNone, 10);
    EXPECT_EQ(Runners(*game), 0u);
    game->Step(kNone);
    EXPECT_EQ(Runners(*game), 1u);
  }
}

TEST(MinatarAsterix, GoldGivesOneAndAnEnemyEndsTheGame) {
  const auto game = NewGame("asterix", 4);
  RandomStream random(1, "player");
  int gold = 0, ends = 0;
  for (int i = 0; i < 20'000; ++i) {
    const StepResult result = game->Step(static_cast<int>(random.Below(6)));
    gold += result.reward > 0;
    if (!result.terminated) continue;
    // The enemy stands on the player, or has just walked through.
    const MinatarCell player = OnlyCell(*game, kPlayer);
    const std::vector<MinatarCell> enemies = Cells(*game, kEnemy);
    EXPECT_TRUE(std::ranges::any_of(enemies,
                                    [&](const MinatarCell& enemy) {
                                      return enemy.row == player.row &&
                                             std::abs(enemy.column - player.column) <= 1;
                                    }) ||
                player.column == 0 || player.column == 9);
    ++ends;
    game->Reset();
  }
  EXPECT_GT(gold, 20);
  EXPECT_GT(ends, 20);
}

TEST(MinatarAsterix, GetsHarderAfter102EnvStepsWhenToldTo) {
  EnvironmentOptions steady_options = WithRepeat(0);
  steady_options.difficulty_ramping = false;
  int first_difference = 1'000'000;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    const auto ramping = NewGame("asterix", seed);
    const auto steady = NewGame("asterix", seed, steady_options);
    RandomStream random(seed, "player");
    for (int env_step = 1; env_step < first_difference; ++env_step) {
      const int action = static_cast<int>(random.Below(6));
      const StepResult result = ramping->Step(action), steady_result = steady->Step(action);
      if (Observation(*ramping) != Observation(*steady)) first_difference = env_step;
      if (result.done() || steady_result.done()) break;
    }
  }
  EXPECT_GT(first_difference, 102);
  EXPECT_LT(first_difference, 150);
}

}  // namespace
}  // namespace dqnd
