#include "env_bridge/minatar/freeway.h"

#include <gmock/gmock.h>

#include "tests/env_bridge/minatar/minatar_test_support.h"

namespace dqnd {
namespace {

enum Channel { kChicken, kCar, kFirstSpeed };

// The speed of the car on each of the rows 1 to 8, as the channel of its trail.
std::vector<int> Speeds(const Environment& game) {
  std::vector<int> speeds(8);
  for (int speed = 0; speed < 5; ++speed) {
    for (const MinatarCell& cell : Cells(game, kFirstSpeed + speed)) speeds[cell.row - 1] = speed;
  }
  return speeds;
}

TEST(MinatarFreeway, EndsAfter2501EnvSteps) {
  const auto game = NewGame("freeway", 1);
  EXPECT_EQ(Repeat(*game, kNone, 2500), StepResult{});
  EXPECT_EQ(game->Step(kNone), (StepResult{.terminated = true, .game_over = true}));
}

TEST(MinatarFreeway, TheChickenWalksOnceInThreeEnvSteps) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const auto game = NewGame("freeway", seed);
    for (const int row : {9, 9, 9, 8, 8, 8, 7}) {
      game->Step(kUp);
      EXPECT_EQ(OnlyCell(*game, kChicken), (MinatarCell{row, 4}));
    }
  }
}

TEST(MinatarFreeway, ACrossingGivesOneAndChangesTheCars) {
  const auto game = NewGame("freeway", 2);
  const std::vector<int> speeds = Speeds(*game);
  StepResult result;
  while (result.reward == 0) {
    EXPECT_EQ(Speeds(*game), speeds);
    result = game->Step(kUp);
    ASSERT_FALSE(result.done());
  }
  EXPECT_EQ(result.reward, 1);
  EXPECT_EQ(OnlyCell(*game, kChicken).row, 9);
  EXPECT_NE(Speeds(*game), speeds);
}

TEST(MinatarFreeway, ACarPutsTheChickenBack) {
  const auto game = NewGame("freeway", 3);
  int row = 9;
  for (StepResult result; !result.done();) {
    const int row_before = row;
    result = game->Step(kUp);
    row = OnlyCell(*game, kChicken).row;
    if (row <= row_before || result.reward > 0) continue;
    EXPECT_EQ(row, 9);
    return;
  }
  FAIL() << "no car ever hit the chicken";
}

}  // namespace
}  // namespace dqnd
