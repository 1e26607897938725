#include <algorithm>
#include <stdexcept>

#include <gtest/gtest.h>

#include "env_bridge/vector_environment.h"
#include "tests/env_bridge/environment_checks.h"

namespace dqnd {
namespace {

const EnvironmentOptions kCatch = {.id = "catch"};

std::vector<uint8_t> Row(std::span<const uint8_t> rows, int row, int size) {
  const size_t bytes = rows.size() / size;
  const auto begin = rows.begin() + row * bytes;
  return {begin, begin + bytes};
}

std::vector<int> RandomActions(const VectorEnvironment& games, RandomStream& stream) {
  std::vector<int> actions(games.size());
  for (int& action : actions) action = static_cast<int>(stream.Below(games.spec().num_actions()));
  return actions;
}

TEST(NativeVectorEnvironment, PlaysEachGameAsIfItWereAlone) {
  const std::vector<uint64_t> seeds = {4, 5, 6};
  const auto together = MakeVectorEnvironment(kCatch, 3);
  together->Reset(seeds);
  std::vector<std::unique_ptr<Environment>> alone;
  for (int k = 0; k < 3; ++k) {
    alone.push_back(MakeEnvironment(kCatch));
    alone[k]->Reset(seeds[k]);
    EXPECT_EQ(Row(together->observations(), k, 3), Observed(*alone[k]));
  }
  RandomStream stream(1, "actions");
  for (int env_step = 0; env_step < 100; ++env_step) {
    const std::vector<int> actions = RandomActions(*together, stream);
    together->Step(actions);
    for (int k = 0; k < 3; ++k) {
      const StepResult result = alone[k]->Step(actions[k]);
      ASSERT_EQ(together->results()[k], result);
      ASSERT_EQ(Row(together->outcomes(), k, 3), Observed(*alone[k]));
      if (result.done()) alone[k]->Reset();
      ASSERT_EQ(Row(together->observations(), k, 3), Observed(*alone[k]));
    }
  }
}

TEST(NativeVectorEnvironment,
     DeliversTheLastObservationOfAFinishedEpisodeBeforeTheNewEpisodesFirst) {
  const auto games = MakeVectorEnvironment(kCatch, 1);
  games->Reset(std::vector<uint64_t>{1});
  const std::vector<int> stay = {1};
  const auto ball_row = [](std::span<const uint8_t> board) {
    return (std::find(board.begin(), board.end(), 1) - board.begin()) / 5;
  };
  for (int row = 1; row < 9; ++row) {
    games->Step(stay);
    EXPECT_EQ(ball_row(games->outcomes()), row);
    EXPECT_TRUE(std::ranges::equal(games->outcomes(), games->observations()));
  }
  games->Step(stay);
  EXPECT_TRUE(games->results()[0].terminated);
  EXPECT_EQ(ball_row(games->outcomes()), 9);
  EXPECT_EQ(ball_row(games->observations()), 0);
}

TEST(NativeVectorEnvironment, DifferentSeedsGiveDifferentGames) {
  const auto games = MakeVectorEnvironment({.id = "classic:cartpole"}, 3);
  games->Reset(std::vector<uint64_t>{1, 2, 1});
  EXPECT_NE(Row(games->observations(), 0, 3), Row(games->observations(), 1, 3));
  EXPECT_EQ(Row(games->observations(), 0, 3), Row(games->observations(), 2, 3));
}

TEST(NativeVectorEnvironment, ContinuesIdenticallyFromASavedState) {
  const auto original = MakeVectorEnvironment({.id = "classic:cartpole"}, 4);
  const auto restored = MakeVectorEnvironment({.id = "classic:cartpole"}, 4);
  original->Reset(std::vector<uint64_t>{1, 2, 3, 4});
  restored->Reset(std::vector<uint64_t>{5, 6, 7, 8});
  RandomStream stream(1, "actions");
  for (int env_step = 0; env_step < 500; ++env_step) {
    if (env_step % 37 == 0) {
      restored->LoadState(original->SaveState());
      ASSERT_TRUE(std::ranges::equal(restored->observations(), original->observations()));
    }
    const std::vector<int> actions = RandomActions(*original, stream);
    original->Step(actions);
    restored->Step(actions);
    ASSERT_TRUE(std::ranges::equal(restored->results(), original->results()));
    ASSERT_TRUE(std::ranges::equal(restored->outcomes(), original->outcomes()));
    ASSERT_TRUE(std::ranges::equal(restored->observations(), original->observations()));
  }
}

TEST(NativeVectorEnvironment, RefusesAStateOfAnotherNumberOfGames) {
  const auto two = MakeVectorEnvironment(kCatch, 2), three = MakeVectorEnvironment(kCatch, 3);
  two->Reset(std::vector<uint64_t>{1, 2});
  EXPECT_THROW(three->LoadState(two->SaveState()), std::runtime_error);
  EXPECT_THROW(two->LoadState(two->SaveState() + "x"), std::runtime_error);
}

TEST(NativeVectorEnvironment, RefusesFewerThanOneGame) {
  EXPECT_THROW(MakeVectorEnvironment(kCatch, 0), std::invalid_argument);
}

}  // namespace
}  // namespace dqnd
