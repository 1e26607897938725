#include "viewer/ctl/half_blocks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace dqnd {
namespace {

using testing::ElementsAre;

RgbaPicture Uniform(int width, int height, Rgb colour) {
  RgbaPicture picture = {width, height, {}};
  for (int i = 0; i < width * height; ++i) {
    for (const uint8_t value : {colour.red, colour.green, colour.blue, uint8_t{255}}) {
      picture.rgba.push_back(value);
    }
  }
  return picture;
}

constexpr TerminalSize kUsual = {.columns = 80, .rows = 24};

TEST(FitInto, ASquarePictureFillsTheHeightSinceEveryCharacterShowsTwoPixels) {
  EXPECT_EQ(FitInto(Uniform(480, 480, {}), 1, kUsual), (PixelGrid{48, 48}));
}

TEST(FitInto, AWidePictureFillsTheWidth) {
  EXPECT_EQ(FitInto(Uniform(600, 200, {}), 1, kUsual), (PixelGrid{80, 28}));
}

TEST(FitInto, FlatPixelsMakeAPictureWiderAsOnTheScreensOfItsTime) {
  // ALE's 160x210 was shown as 4:3.
  EXPECT_EQ(FitInto(Uniform(160, 210, {}), 0.75 * 160 / 210, kUsual), (PixelGrid{64, 48}));
}

TEST(FitInto, SmallPicturesGrowByWholeNumbersAlone) {
  EXPECT_EQ(FitInto(Uniform(10, 10, {}), 1, kUsual), (PixelGrid{40, 40}));
  EXPECT_EQ(FitInto(Uniform(30, 30, {}), 1, kUsual), (PixelGrid{30, 30}));
}

TEST(FitInto, AWindowOfOneCharacterStillShowsSomething) {
  EXPECT_EQ(FitInto(Uniform(160, 210, {}), 1, {.columns = 1, .rows = 1}), (PixelGrid{1, 2}));
  EXPECT_EQ(FitInto(Uniform(8192, 1, {}), 1, kUsual), (PixelGrid{80, 2}));
}

TEST(FitInto, AShapeThatNoPixelHasIsTakenForASquare) {
  for (const double aspect : {0.0, -1.0, 1e9, std::nan("")}) {
    EXPECT_EQ(FitInto(Uniform(480, 480, {}), aspect, kUsual), (PixelGrid{48, 48})) << aspect;
  }
}

TEST(ScaledTo, LargerPicturesAreAveraged) {
  RgbaPicture picture = Uniform(4, 4, {0, 0, 0});
  for (size_t x = 0; x < 4; ++x) picture.rgba[x * 4] = 200;  // the top row is red
  const Canvas canvas = ScaledTo({2, 2}, picture);
  EXPECT_EQ(canvas.at(0, 0), (Rgb{100, 0, 0}));
  EXPECT_EQ(canvas.at(1, 1), (Rgb{0, 0, 0}));
}

TEST(HalfBlockLines, ACharacterHasTheUpperPixelInFrontAndTheLowerBehind) {
  Canvas canvas(1, 2);
  canvas.Fill({0, 0, 1, 1}, {1, 2, 3});
  canvas.Fill({0, 1, 1, 1}, {4, 5, 6});
  EXPECT_THAT(HalfBlockLines(canvas, ColourDepth::kTrueColour),
              ElementsAre("\x1b[38;2;1;2;3m\x1b[48;2;4;5;6m\xe2\x96\x80\x1b[0m"));
}

TEST(HalfBlockLines, ColoursAreSentOnlyWhereTheyChange) {
  Canvas canvas(3, 4);
  canvas.Fill({2, 1, 1, 1}, {255, 255, 255});
  EXPECT_THAT(
      HalfBlockLines(canvas, ColourDepth::k256),
      ElementsAre(
          "\x1b[38;5;16m\x1b[48;5;16m\xe2\x96\x80\xe2\x96\x80\x1b[48;5;231m\xe2\x96\x80\x1b[0m",
          "\x1b[38;5;16m\x1b[48;5;16m\xe2\x96\x80\xe2\x96\x80\xe2\x96\x80\x1b[0m"));
}

TEST(NearestOf256, HitsTheColoursOfTheCubeAndTheGraysExactly) {
  EXPECT_EQ(NearestOf256({0, 0, 0}), 16);
  EXPECT_EQ(NearestOf256({255, 255, 255}), 231);
  EXPECT_EQ(NearestOf256({255, 0, 0}), 196);
  EXPECT_EQ(NearestOf256({95, 135, 175}), 16 + 36 + 12 + 3);
  EXPECT_EQ(NearestOf256({8, 8, 8}), 232);
  EXPECT_EQ(NearestOf256({128, 128, 128}), 244);
  EXPECT_EQ(NearestOf256({238, 238, 238}), 255);
}

TEST(NearestOf256, OthersGoToTheirNeighbour) {
  EXPECT_EQ(NearestOf256({250, 4, 3}), 196);
  EXPECT_EQ(NearestOf256({130, 127, 129}), 244);
}

TEST(ColourDepth, IsWhatTheTerminalSaysAnd256WhereItSaysNothing) {
  EXPECT_EQ(ColourDepthOf("truecolor"), ColourDepth::kTrueColour);
  EXPECT_EQ(ColourDepthOf("24bit"), ColourDepth::kTrueColour);
  EXPECT_EQ(ColourDepthOf(""), ColourDepth::k256);
  EXPECT_EQ(ColourDepthOf(nullptr), ColourDepth::k256);
}

}  // namespace
}  // namespace dqnd
