#include "env_bridge/watch/exhibition_game.h"

#include <gtest/gtest.h>

#include "tests/env_bridge/watch/test_policy.h"

namespace dqnd {
namespace {

ExhibitionGame CatchGame(double eps = 0, uint64_t seed = 1) {
  return {{.environment = {.id = "catch"}, .eps = eps, .seed = seed},
          std::make_unique<FunctionPolicy>(50, CatchesTheBall)};
}

std::vector<Image> Pictures(ExhibitionGame& game, int env_steps) {
  std::vector<Image> pictures;
  for (int i = 0; i < env_steps; ++i) {
    game.Play();
    for (const Moment& moment : game.moments()) pictures.push_back(moment.picture);
  }
  return pictures;
}

TEST(ExhibitionGame, BeginsWithAPictureAndThenShowsEachEnvStep) {
  ExhibitionGame game = CatchGame();
  ASSERT_EQ(game.moments().size(), 1u);
  EXPECT_FALSE(game.moments()[0].step);
  game.Play();
  ASSERT_EQ(game.moments().size(), 1u);
  const ShownStep& step = *game.moments()[0].step;
  EXPECT_EQ(step.episode_env_step, 1);
  EXPECT_EQ(step.q_values.size(), 3u);
  EXPECT_FALSE(step.by_person);
  EXPECT_EQ(game.moments()[0].state.size(), 50u);
  EXPECT_EQ(game.parameters_env_steps(), 1234);
}

TEST(ExhibitionGame, TheAgentWinsAndTheNextGameBegins) {
  ExhibitionGame game = CatchGame();
  for (int i = 0; i < 9; ++i) game.Play();
  EXPECT_TRUE(game.over());
  EXPECT_EQ(game.games_over(), 1);
  EXPECT_EQ(game.last_return(), 1.0);
  game.Play();
  EXPECT_FALSE(game.over());
  EXPECT_FALSE(game.moments()[0].step);
}

TEST(ExhibitionGame, EqualSeedsGiveEqualGames) {
  ExhibitionGame a = CatchGame(0.5, 3), b = CatchGame(0.5, 3), c = CatchGame(0.5, 4);
  const auto pictures = Pictures(a, 60);
  EXPECT_EQ(pictures, Pictures(b, 60));
  EXPECT_NE(pictures, Pictures(c, 60));
}

TEST(ExhibitionGame, APersonTakesOverAndGivesBack) {
  ExhibitionGame game = CatchGame();
  game.TakeOver();
  game.Play();
  EXPECT_TRUE(game.moments()[0].step->by_person);
  EXPECT_EQ(game.moments()[0].step->action, 1);  // stay, until something is pressed
  game.Press(0);
  game.Play();
  game.Play();
  EXPECT_EQ(game.moments()[0].step->action, 0);
  game.GiveBack();
  game.Play();
  EXPECT_FALSE(game.moments()[0].step->by_person);
}

TEST(ExhibitionGame, GoesBackToAMomentOfThisGameAndOnFromThereTheSameWay) {
  // Catch plays 5 env_steps a second, and can go back to each second.
  ExhibitionGame game = CatchGame(0.5, 9);
  Pictures(game, 5);
  EXPECT_DOUBLE_EQ(game.rewindable_seconds(), 1);
  const auto first = Pictures(game, 3);
  game.Rewind(0.5);  // to 5 env_steps
  ASSERT_EQ(game.moments().size(), 1u);
  EXPECT_EQ(Pictures(game, 3), first);
  game.Rewind(100);  // the game's beginning
  game.Play();
  EXPECT_EQ(game.moments()[0].step->episode_env_step, 1);
}

TEST(ExhibitionGame, AGameThatIsOverCanBeTakenBack) {
  ExhibitionGame game = CatchGame();
  Pictures(game, 9);
  EXPECT_TRUE(game.over());
  game.Rewind(0.5);
  EXPECT_FALSE(game.over());
  EXPECT_EQ(game.games_over(), 0);
  game.Play();
  EXPECT_EQ(game.moments()[0].step->episode_env_step, 6);
}

#ifdef DQND_WITH_ALE
TEST(ExhibitionGame, OfAtariShowsEveryEmulatorFrameOfADecision) {
  ExhibitionGame game({.environment = {.id = "ale:pong"}, .eps = 0, .seed = 1},
                      std::make_unique<FunctionPolicy>(
                          4 * 84 * 84, [](auto) { return std::vector<float>{0, 0, 1, 0, 0, 0}; }));
  game.Play();
  ASSERT_EQ(game.moments().size(), 4u);
  for (int frame = 0; frame < 3; ++frame) EXPECT_FALSE(game.moments()[frame].step);
  EXPECT_EQ(game.moments()[3].step->action, 2);
  EXPECT_EQ(game.moments()[3].picture.width, 160);
}
#endif

}  // namespace
}  // namespace dqnd
