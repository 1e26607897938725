#include "env_bridge/catch.h"

#include <algorithm>
#include <set>
#include <stdexcept>

#include <gtest/gtest.h>

#include "tests/env_bridge/environment_checks.h"

namespace dqnd {
namespace {

constexpr int kLeft = 0, kStay = 1, kRight = 2;
constexpr int kColumns = 5, kBottomRow = 9;

// The column of the only 1 in a row of the board.
int ColumnIn(const Environment& game, int row) {
  const std::vector<uint8_t> board = Observed(game);
  const auto begin = board.begin() + static_cast<ptrdiff_t>(row) * kColumns;
  EXPECT_EQ(std::count(begin, begin + kColumns, 1), 1) << "row " << row;
  return static_cast<int>(std::find(begin, begin + kColumns, 1) - begin);
}

StepResult PlayToTheEnd(Environment& game, int action) {
  StepResult result;
  for (int env_step = 1; env_step <= kBottomRow; ++env_step) {
    result = game.Step(action);
    EXPECT_EQ(result.terminated, env_step == kBottomRow);
    if (!result.terminated) {
      EXPECT_EQ(result.reward, 0);
    }
  }
  return result;
}

TEST(Catch, IsABoardOfZerosAndOnesAndThreeActions) {
  const auto game = MakeCatch({.id = "catch"});
  EXPECT_EQ(
      game->spec().observation,
      (ObservationSpec{.type = ElementType::kUint8, .height = 10, .width = 5, .channels = 1}));
  EXPECT_EQ(game->spec().action_names, (std::vector<std::string>{"left", "stay", "right"}));
}

TEST(Catch, BeginsWithTheBallInTheTopRowAndThePaddleInTheMiddle) {
  const auto game = MakeCatch({.id = "catch"});
  std::set<int> columns;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    game->Reset(seed);
    columns.insert(ColumnIn(*game, 0));
    EXPECT_EQ(ColumnIn(*game, kBottomRow), 2);
    EXPECT_EQ(std::ranges::count(Observed(*game), 1), 2);
  }
  EXPECT_EQ(columns, (std::set<int>{0, 1, 2, 3, 4}));
}

TEST(Catch, TheBallFallsOneRowAnEnvStepInItsColumn) {
  const auto game = MakeCatch({.id = "catch"});
  game->Reset(1);
  const int column = ColumnIn(*game, 0);
  for (int row = 1; row < kBottomRow; ++row) {
    game->Step(kStay);
    EXPECT_EQ(ColumnIn(*game, row), column);
  }
}

TEST(Catch, ThePaddleMovesOneColumnAndStopsAtTheWalls) {
  const auto game = MakeCatch({.id = "catch"});
  game->Reset(1);
  for (const int column : {3, 4, 4}) {
    game->Step(kRight);
    EXPECT_EQ(ColumnIn(*game, kBottomRow), column);
  }
  for (const int column : {3, 2, 1, 0, 0}) {
    game->Step(kLeft);
    EXPECT_EQ(ColumnIn(*game, kBottomRow), column);
  }
}

TEST(Catch, RewardsACatchWithOneAndAMissWithMinusOne) {
  const auto game = MakeCatch({.id = "catch"});
  int caught = 0;
  for (uint64_t seed = 0; seed < 50; ++seed) {
    game->Reset(seed);
    const bool will_catch = ColumnIn(*game, 0) == 2;
    EXPECT_EQ(PlayToTheEnd(*game, kStay).reward, will_catch ? 1 : -1);
    caught += will_catch;
  }
  EXPECT_GT(caught, 0);
  EXPECT_LT(caught, 50);
}

TEST(Catch, DrawsBallAndPaddleInColoursOfTheirOwn) {
  const auto game = MakeCatch({.id = "catch"});
  game->Reset(1);
  for (int row = 0; row < kBottomRow; ++row) {
    const Image image = Picture(*game);
    const std::vector<uint8_t> board = Observed(*game);
    for (int cell = 0; cell < 50; ++cell) {
      const int expected = board[cell] == 0 ? 0 : cell / kColumns == kBottomRow ? 2 : 1;
      EXPECT_EQ(image.pixels[cell], expected) << "cell " << cell;
    }
    game->Step(kLeft);
  }
}

TEST(Catch, DrawsACaughtBallOnThePaddle) {
  const auto game = MakeCatch({.id = "catch"});
  for (uint64_t seed = 0; game->Reset(seed), ColumnIn(*game, 0) != 2; ++seed) {
  }
  const Image start = Picture(*game);
  const std::vector<int> ball = ColourAt(start, 2, 0), paddle = ColourAt(start, 2, kBottomRow);
  EXPECT_NE(ball, paddle);
  PlayToTheEnd(*game, kStay);
  EXPECT_EQ(ColourAt(Picture(*game), 2, kBottomRow), ball);
}

TEST(Catch, IsTruncatedAtALimitOfItsOwn) {
  const auto game = MakeCatch({.id = "catch", .max_episode_env_steps = 3});
  game->Reset(1);
  EXPECT_FALSE(game->Step(kStay).done());
  EXPECT_FALSE(game->Step(kStay).done());
  const StepResult last = game->Step(kStay);
  EXPECT_TRUE(last.truncated);
  EXPECT_FALSE(last.terminated);
}

TEST(Catch, ContinuesIdenticallyFromASavedState) {
  ExpectContinuesIdentically({.id = "catch"}, 100);
}

TEST(Catch, RefusesAStateThatIsNotItsOwn) {
  const auto game = MakeCatch({.id = "catch"});
  game->Reset(1);
  const std::string state = game->SaveState();
  EXPECT_THROW(game->LoadState(state + "x"), std::runtime_error);
  EXPECT_THROW(game->LoadState(state.substr(0, state.size() - 1)), std::runtime_error);
  std::string off_board = state;
  off_board.back() = 1;  // the highest byte of the paddle's column
  EXPECT_THROW(game->LoadState(off_board), std::runtime_error);
  const auto other = MakeEnvironment({.id = "classic:cartpole"});
  EXPECT_THROW(game->LoadState(other->SaveState()), std::runtime_error);
}

}  // namespace
}  // namespace dqnd
