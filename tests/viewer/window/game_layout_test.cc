#include "viewer/window/game_layout.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace dqnd {
namespace {

TEST(GameLayout, TakesWholePixelsWhereThatCostsLittle) {
  const GameLayout layout = FitGame(160, 210, 1, 0, 0, 1000, 700);
  EXPECT_EQ(layout.width, 480);
  EXPECT_EQ(layout.height, 630);
  EXPECT_EQ(layout.x, 260);
  EXPECT_EQ(layout.y, 35);
}

TEST(GameLayout, FillsTheAreaWhereWholePixelsWouldWasteIt) {
  const GameLayout layout = FitGame(160, 210, 1, 0, 0, 1000, 419);
  EXPECT_EQ(layout.height, 419);
  EXPECT_NEAR(layout.width, 419.0 * 160 / 210, 1);
}

TEST(GameLayout, KeepsTheShapeOfAScreensPixels) {
  // A console's picture of 160x210 is shown four to three.
  const GameLayout layout = FitGame(160, 210, 4.0 / 7, 0, 0, 2000, 640);
  EXPECT_EQ(layout.height, 630);
  EXPECT_NEAR(layout.width / layout.height, 4.0 / 3, 0.01);
}

TEST(GameLayout, SurvivesEveryAreaAndEveryAspect) {
  for (const float side : {-5.0f, 0.0f, 0.5f, 1.0f, 3.0f}) {
    const GameLayout layout = FitGame(160, 210, 1, 10, 10, side, side);
    EXPECT_LE(layout.width, std::max(1.0f, side));
  }
  for (const double aspect : {0.0, -1.0, 1e9}) {
    EXPECT_EQ(FitGame(10, 10, aspect, 0, 0, 100, 100).width, 100);
  }
  EXPECT_EQ(FitGame(0, 10, 1, 0, 0, 100, 100).width, 0);
}

}  // namespace
}  // namespace dqnd
