#include "viewer/window/person_keys.h"

#include <gtest/gtest.h>

namespace dqnd {
namespace {

const std::vector<std::string> kAtari = {
    "NOOP",     "FIRE",     "UP",          "RIGHT",      "LEFT",          "DOWN",
    "UPRIGHT",  "UPLEFT",   "DOWNRIGHT",   "DOWNLEFT",   "UPFIRE",        "RIGHTFIRE",
    "LEFTFIRE", "DOWNFIRE", "UPRIGHTFIRE", "UPLEFTFIRE", "DOWNRIGHTFIRE", "DOWNLEFTFIRE"};

TEST(PersonKeys, EveryAtariActionHasItsKeys) {
  const PersonKeys keys(kAtari);
  EXPECT_EQ(keys.ActionFor({}), 0);
  EXPECT_EQ(keys.ActionFor({.fire = true}), 1);
  EXPECT_EQ(keys.ActionFor({.left = true}), 4);
  EXPECT_EQ(keys.ActionFor({.up = true, .right = true}), 6);
  EXPECT_EQ(keys.ActionFor({.up = true, .right = true, .fire = true}), 14);
  EXPECT_EQ(keys.ActionFor({.down = true, .left = true, .fire = true}), 17);
}

TEST(PersonKeys, WhatAGameDoesNotHaveIsLeftOut) {
  const PersonKeys breakout({"NOOP", "FIRE", "RIGHT", "LEFT"});
  EXPECT_EQ(breakout.ActionFor({.up = true, .right = true}), 2);
  EXPECT_EQ(breakout.ActionFor({.down = true}), 0);
}

TEST(PersonKeys, UpAndDownTogetherMeanNeither) {
  const PersonKeys keys(kAtari);
  EXPECT_EQ(keys.ActionFor({.up = true, .down = true}), 0);
  EXPECT_EQ(keys.ActionFor({.left = true, .right = true, .fire = true}), 1);
}

TEST(PersonKeys, KnowsMinAtarsLettersAndWords) {
  const PersonKeys minatar({"n", "l", "u", "r", "d", "f"});
  EXPECT_EQ(minatar.ActionFor({}), 0);
  EXPECT_EQ(minatar.ActionFor({.right = true}), 3);
  EXPECT_EQ(minatar.ActionFor({.fire = true}), 5);
  const PersonKeys words({"left", "stay", "right"});
  EXPECT_EQ(words.ActionFor({}), 1);
  EXPECT_EQ(words.ActionFor({.right = true}), 2);
}

TEST(PersonKeys, WhereNothingDoesNothingTheLastActionGoesOn) {
  const PersonKeys cartpole({"left", "right"});
  EXPECT_EQ(cartpole.ActionFor({}), std::nullopt);
  EXPECT_EQ(cartpole.ActionFor({.left = true}), 0);
}

TEST(PersonKeys, SaysThatItDoesNotKnowAGamesNames) {
  const PersonKeys acrobot({"torque -1", "torque 0", "torque 1"});
  EXPECT_FALSE(acrobot.knows_names());
  EXPECT_EQ(acrobot.ActionFor({.left = true}), std::nullopt);
  EXPECT_TRUE(PersonKeys({"n", "l"}).knows_names());
}

}  // namespace
}  // namespace dqnd
