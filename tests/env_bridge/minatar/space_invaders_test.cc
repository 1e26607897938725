#include "env_bridge/minatar/space_invaders.h"

#include <gmock/gmock.h>

#include "tests/env_bridge/minatar/minatar_test_support.h"

namespace dqnd {
namespace {

using ::testing::ElementsAre;

enum Channel { kCannon, kAlien, kAlienLeft, kAlienRight, kBullet, kEnemyBullet };

// Steps aside when a bullet comes down on the cannon, otherwise shoots and strolls.
int DodgeOrShoot(const Environment& game, RandomStream& random) {
  const int cannon = OnlyCell(game, kCannon).column;
  for (const MinatarCell& bullet : Cells(game, kEnemyBullet)) {
    if (bullet.column == cannon && bullet.row >= 6) return cannon < 5 ? kRight : kLeft;
  }
  const bool dangerous_to_stroll = !Cells(game, kEnemyBullet).empty();
  if (dangerous_to_stroll || random.Below(2) == 0) return kFire;
  return random.Below(2) == 0 ? kLeft : kRight;
}

TEST(MinatarSpaceInvaders, StartsWith24AliensThatWalkLeft) {
  const auto game = NewGame("space_invaders", 1);
  EXPECT_EQ(OnlyCell(*game, kCannon), (MinatarCell{9, 5}));
  EXPECT_EQ(Cells(*game, kAlien).size(), 24u);
  EXPECT_EQ(Cells(*game, kAlien).front(), (MinatarCell{0, 2}));
  EXPECT_EQ(Cells(*game, kAlien).back(), (MinatarCell{3, 7}));
  EXPECT_EQ(Cells(*game, kAlienLeft), Cells(*game, kAlien));
  EXPECT_TRUE(Cells(*game, kAlienRight).empty());
}

TEST(MinatarSpaceInvaders, AnAlienThatIsShotGivesOneAndIsGone) {
  const auto game = NewGame("space_invaders", 1);
  game->Step(kFire);
  EXPECT_THAT(Cells(*game, kBullet), ElementsAre(MinatarCell{8, 5}));
  EXPECT_EQ(Repeat(*game, kNone, 4).reward, 0);
  EXPECT_EQ(game->Step(kNone).reward, 1);
  EXPECT_EQ(Cells(*game, kAlien).size(), 23u);
  EXPECT_TRUE(Cells(*game, kBullet).empty());
}

TEST(MinatarSpaceInvaders, ShootsOnceInFiveEnvSteps) {
  const auto game = NewGame("space_invaders", 1);
  Repeat(*game, kFire, 5);
  EXPECT_THAT(Cells(*game, kBullet), ElementsAre(MinatarCell{4, 5}));
  game->Step(kFire);
  EXPECT_THAT(Cells(*game, kBullet), ElementsAre(MinatarCell{8, 5}));  // the first has hit
}

TEST(MinatarSpaceInvaders, TheNearestAlienShootsAndItsBulletEndsTheGame) {
  const auto game = NewGame("space_invaders", 1);
  Repeat(*game, kNone, 10);
  EXPECT_TRUE(Cells(*game, kEnemyBullet).empty());
  game->Step(kNone);
  EXPECT_THAT(Cells(*game, kEnemyBullet), ElementsAre(MinatarCell{3, 5}));
  EXPECT_FALSE(Repeat(*game, kNone, 5).done());
  EXPECT_TRUE(game->Step(kNone).terminated);
}

TEST(MinatarSpaceInvaders, AliensComeDownAndTurnAtTheEdge) {
  const auto game = NewGame("space_invaders", 1);
  for (int env_step = 1; env_step <= 36; ++env_step) {
    const bool shot_at = env_step == 12 || env_step == 22;
    ASSERT_FALSE(game->Step(shot_at ? kRight : kNone).done());
  }
  EXPECT_EQ(Cells(*game, kAlien).front(), (MinatarCell{0, 0}));
  game->Step(kNone);
  EXPECT_EQ(Cells(*game, kAlien).front(), (MinatarCell{1, 0}));
  EXPECT_EQ(Cells(*game, kAlienRight).size(), 24u);
}

TEST(MinatarSpaceInvaders, AClearedWaveIsFollowedByAnother) {
  const auto game = NewGame("space_invaders", 1);
  RandomStream random(1, "player");
  size_t aliens = 24;
  for (int i = 0; i < 200'000; ++i) {
    const size_t aliens_before = aliens;
    const StepResult result = game->Step(DodgeOrShoot(*game, random));
    aliens = Cells(*game, kAlien).size();
    if (result.done()) {
      game->Reset();
      aliens = 24;
    } else if (aliens > aliens_before) {
      EXPECT_EQ(result.reward, aliens_before);
      EXPECT_EQ(aliens, 24u);
      return;
    }
  }
  FAIL() << "no wave was ever cleared";
}

}  // namespace
}  // namespace dqnd
