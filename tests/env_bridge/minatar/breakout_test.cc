#include "env_bridge/minatar/breakout.h"

#include <gmock/gmock.h>

#include "tests/env_bridge/minatar/minatar_test_support.h"

namespace dqnd {
namespace {

enum Channel { kPaddle, kBall, kTrail, kBrick };

// The action that keeps the paddle below the ball.
int Follow(const Environment& game) {
  const int ball = OnlyCell(game, kBall).column, paddle = OnlyCell(game, kPaddle).column;
  const int coming = ball + (ball - OnlyCell(game, kTrail).column);
  const int target = OnMinatarGrid(coming) ? coming : ball;
  return target < paddle ? kLeft : target > paddle ? kRight : kNone;
}

TEST(MinatarBreakout, StartsWithThreeRowsOfBricksAndABallOnEitherSide) {
  int from_the_left = 0;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    const auto game = NewGame("breakout", seed);
    EXPECT_EQ(Cells(*game, kBrick).size(), 30u);
    EXPECT_EQ(OnlyCell(*game, kPaddle), (MinatarCell{9, 4}));
    const MinatarCell ball = OnlyCell(*game, kBall);
    EXPECT_EQ(ball.row, 3);
    EXPECT_TRUE(ball.column == 0 || ball.column == 9);
    from_the_left += ball.column == 0;
  }
  EXPECT_GT(from_the_left, 30);
  EXPECT_LT(from_the_left, 70);
}

TEST(MinatarBreakout, ThePaddleStopsAtTheWalls) {
  const auto game = NewGame("breakout", 1);
  Repeat(*game, kLeft, 5);
  EXPECT_EQ(OnlyCell(*game, kPaddle), (MinatarCell{9, 0}));
  game->Reset();
  Repeat(*game, kRight, 5);
  EXPECT_EQ(OnlyCell(*game, kPaddle), (MinatarCell{9, 9}));
}

TEST(MinatarBreakout, ABallThatIsMissedEndsTheGame) {
  const auto game = NewGame("breakout", 1);
  const int away = OnlyCell(*game, kBall).column == 0 ? kLeft : kRight;
  EXPECT_EQ(Repeat(*game, away, 5), StepResult{});
  EXPECT_EQ(game->Step(away), (StepResult{.terminated = true, .game_over = true}));
  EXPECT_EQ(OnlyCell(*game, kBall).row, 9);
}

TEST(MinatarBreakout, ABrickGivesOneAndIsGone) {
  const auto game = NewGame("breakout", 1);
  StepResult result;
  while (result.reward == 0) {
    EXPECT_EQ(Cells(*game, kBrick).size(), 30u);
    result = game->Step(Follow(*game));
    ASSERT_FALSE(result.done());
  }
  EXPECT_EQ(result.reward, 1);
  EXPECT_EQ(Cells(*game, kBrick).size(), 29u);
}

TEST(MinatarBreakout, AWallWithoutBricksIsBuiltAnew) {
  const auto game = NewGame("breakout", 1);
  RandomStream random(1, "mistakes");
  size_t bricks = 30;
  for (int env_steps = 0; env_steps < 100'000; ++env_steps) {
    const int action = random.Below(50) == 0 ? static_cast<int>(random.Below(6)) : Follow(*game);
    if (game->Step(action).done()) {
      game->Reset();
      bricks = 30;
      continue;
    }
    const size_t bricks_before = bricks;
    bricks = Cells(*game, kBrick).size();
    if (bricks <= bricks_before) continue;
    EXPECT_EQ(bricks_before, 0u);
    EXPECT_EQ(bricks, 30u);
    return;
  }
  FAIL() << "no wall was ever cleared";
}

}  // namespace
}  // namespace dqnd
