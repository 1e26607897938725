#include "env_bridge/minatar/seaquest.h"

#include <algorithm>

#include <gmock/gmock.h>

#include "tests/env_bridge/minatar/minatar_test_support.h"

namespace dqnd {
namespace {

using ::testing::ElementsAre;

enum Channel {
  kFront,
  kBack,
  kBullet,
  kTrail,
  kEnemyBullet,
  kFish,
  kSubmarine,
  kAirGauge,
  kDiverGauge,
  kDiver
};

// Goes for the first diver in sight, and for the row in the middle while there is none.
int ChaseDiver(const Environment& game) {
  const std::vector<MinatarCell> divers = Cells(game, kDiver);
  const MinatarCell target = divers.empty() ? MinatarCell{4, 5} : divers[0];
  const MinatarCell here = OnlyCell(game, kFront);
  if (here.row != target.row) return here.row < target.row ? kDown : kUp;
  if (here.column != target.column) return here.column < target.column ? kRight : kLeft;
  return kNone;
}

// A game in which the submarine has just taken its first diver; null when no seed has one.
std::unique_ptr<Environment> GameWithADiver() {
  for (uint64_t seed = 0; seed < 1000; ++seed) {
    auto game = NewGame("seaquest", seed);
    for (StepResult result; !result.done();) {
      result = game->Step(ChaseDiver(*game));
      if (!result.done() && Cells(*game, kDiverGauge).size() == 1) return game;
    }
  }
  return nullptr;
}

TEST(MinatarSeaquest, StartsAtTheSurfaceWithFullAir) {
  const auto game = NewGame("seaquest", 1);
  EXPECT_EQ(OnlyCell(*game, kFront), (MinatarCell{0, 5}));
  EXPECT_EQ(OnlyCell(*game, kBack), (MinatarCell{0, 6}));
  EXPECT_EQ(Cells(*game, kAirGauge).size(), 10u);
  EXPECT_TRUE(Cells(*game, kDiverGauge).empty());
}

TEST(MinatarSeaquest, TurnsTowardItsCourse) {
  const auto game = NewGame("seaquest", 1);
  game->Step(kRight);
  EXPECT_EQ(OnlyCell(*game, kFront), (MinatarCell{0, 6}));
  EXPECT_EQ(OnlyCell(*game, kBack), (MinatarCell{0, 5}));
}

TEST(MinatarSeaquest, SurfacingWithoutADiverEndsTheGame) {
  const auto game = NewGame("seaquest", 1);
  EXPECT_FALSE(game->Step(kDown).done());
  EXPECT_TRUE(game->Step(kUp).terminated);
}

TEST(MinatarSeaquest, SurfacingWithADiverCostsTheDiverAndFillsTheAir) {
  const auto game = GameWithADiver();
  ASSERT_NE(game, nullptr);
  EXPECT_LT(Cells(*game, kAirGauge).size(), 10u);
  StepResult result;
  while (OnlyCell(*game, kFront).row > 0 && !result.done()) result = game->Step(kUp);
  EXPECT_EQ(result, StepResult{});
  EXPECT_TRUE(Cells(*game, kDiverGauge).empty());
  EXPECT_EQ(Cells(*game, kAirGauge).size(), 10u);
}

TEST(MinatarSeaquest, TheAirLastsFor200EnvStepsBelow) {
  int longest = 0;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    const auto game = NewGame("seaquest", seed);
    int env_steps = 1;
    while (!game->Step(kDown).done()) ++env_steps;
    longest = std::max(longest, env_steps);
    EXPECT_TRUE(env_steps < 201 || Cells(*game, kAirGauge).empty());
  }
  EXPECT_EQ(longest, 201);
}

TEST(MinatarSeaquest, ShootsOnceInFiveEnvSteps) {
  const auto game = NewGame("seaquest", 1);
  for (const int column : {4, 3, 2, 1, 0, 4}) {
    game->Step(kFire);
    EXPECT_THAT(Cells(*game, kBullet), ElementsAre(MinatarCell{0, column}));
  }
}

TEST(MinatarSeaquest, AHitGivesOneAndTakesTheEnemy) {
  const auto game = NewGame("seaquest", 1);
  RandomStream random(1, "player");
  int hits = 0;
  for (int i = 0; i < 20'000 && hits < 20; ++i) {
    const size_t enemies = Cells(*game, kFish).size() + Cells(*game, kSubmarine).size();
    const StepResult result = game->Step(static_cast<int>(random.Below(6)));
    if (result.reward == 1) {
      EXPECT_LE(Cells(*game, kFish).size() + Cells(*game, kSubmarine).size(), enemies);
      ++hits;
    }
    if (result.done()) game->Reset();
  }
  EXPECT_EQ(hits, 20);
}

}  // namespace
}  // namespace dqnd
