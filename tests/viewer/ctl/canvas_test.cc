#include "viewer/ctl/canvas.h"

#include <gtest/gtest.h>

namespace dqnd {
namespace {

constexpr Rgb kRed = {255, 0, 0};
constexpr Rgb kGreen = {0, 255, 0};
constexpr Rgb kBlack = {0, 0, 0};

int CountOf(const Canvas& canvas, Rgb colour) {
  int count = 0;
  for (int y = 0; y < canvas.height(); ++y) {
    for (int x = 0; x < canvas.width(); ++x) count += canvas.at(x, y) == colour ? 1 : 0;
  }
  return count;
}

TEST(Canvas, ACanvasBeginsBlackAndPixelsAreRgbRowByRow) {
  Canvas canvas(3, 2);
  canvas.Fill({1, 1, 1, 1}, {1, 2, 3});
  EXPECT_EQ(canvas.pixels(), (std::vector<uint8_t>{0, 0, 0, 0, 0, 0, 0, 0, 0,  //
                                                   0, 0, 0, 1, 2, 3, 0, 0, 0}));
}

TEST(Canvas, WhatReachesBeyondTheEdgesIsCutOff) {
  Canvas canvas(4, 4);
  canvas.Fill({-2, -2, 3, 3}, kRed);
  EXPECT_EQ(CountOf(canvas, kRed), 1);
  canvas.Fill({3, 3, 100, 100}, kRed);
  EXPECT_EQ(CountOf(canvas, kRed), 2);
  canvas.Fill({1, 1, -1, 5}, kRed);
  canvas.Fill({9, 9, 2, 2}, kRed);
  EXPECT_EQ(CountOf(canvas, kRed), 2);
}

TEST(Canvas, APictureThatGrowsByWholeNumbersBecomesSharpBlocks) {
  const RgbaPicture picture = {2, 1, {255, 0, 0, 255, 0, 255, 0, 255}};
  Canvas canvas(7, 5);
  canvas.DrawPicture(picture, {1, 1, 6, 2});
  EXPECT_EQ(CountOf(canvas, kRed), 6);
  EXPECT_EQ(CountOf(canvas, kGreen), 6);
  EXPECT_EQ(canvas.at(3, 2), kRed);
  EXPECT_EQ(canvas.at(4, 1), kGreen);
  EXPECT_EQ(canvas.at(1, 3), kBlack);
}

TEST(Canvas, APictureWithoutPixelsDrawsNothing) {
  Canvas canvas(2, 2);
  canvas.DrawPicture({}, {0, 0, 2, 2});
  EXPECT_EQ(CountOf(canvas, kBlack), 4);
}

TEST(Canvas, TextIsDrawnDotByDotInItsSize) {
  Canvas small(12, 7);
  small.DrawText("l", 0, 0, 1, kRed, 12);
  EXPECT_EQ(CountOf(small, kRed), 11);  // an L: seven dots down, five across
  EXPECT_EQ(small.at(0, 0), kRed);
  EXPECT_EQ(small.at(4, 6), kRed);
  EXPECT_EQ(small.at(1, 0), kBlack);

  Canvas large(36, 21);
  large.DrawText("L", 0, 0, 3, kRed, 36);
  EXPECT_EQ(CountOf(large, kRed), 99);
}

TEST(Canvas, CharactersThatDoNotFitAreLeftOut) {
  Canvas canvas(30, 7);
  canvas.DrawText("LLLL", 0, 0, 1, kRed, 11);
  EXPECT_EQ(CountOf(canvas, kRed), 22);
}

}  // namespace
}  // namespace dqnd
