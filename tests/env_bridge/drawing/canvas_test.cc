#include "env_bridge/drawing/canvas.h"

#include <array>
#include <cmath>
#include <numbers>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dqnd {
namespace {

using testing::Each;

enum : uint8_t { kWhite, kBlack, kRed };

const Paints& WhiteBlackRed() {
  static const Paints paints({{255, 255, 255}, {0, 0, 0}, {255, 0, 0}});
  return paints;
}

std::vector<int> ColourOf(const Image& image, int column, int row) {
  const uint8_t* colour =
      image.palette.data() + 3 * size_t{image.pixels[row * image.width + column]};
  return {colour[0], colour[1], colour[2]};
}

// How many pixels' worth of black there is, of shapes drawn in black on white.
double BlackArea(const Image& image) {
  double area = 0;
  for (const uint8_t pixel : image.pixels) area += 1 - image.palette[3 * pixel] / 255.0;
  return area;
}

TEST(Canvas, BeginsWithThePlainFirstColour) {
  Image image{.width = 3, .height = 3, .palette = {}, .pixels = {9, 9, 9}};
  Canvas(image, 7, 5, WhiteBlackRed());
  EXPECT_EQ(image.width, 7);
  EXPECT_EQ(image.height, 5);
  EXPECT_THAT(image.pixels, testing::SizeIs(35));
  EXPECT_THAT(image.pixels, Each(kWhite));
}

TEST(Canvas, FillsWholePixelsAndNoneBesidesWithARectangleOnTheirBorders) {
  Image image;
  Canvas canvas(image, 6, 4, WhiteBlackRed());
  canvas.FillPolygon(std::to_array<Point>({{1, 1}, {4, 1}, {4, 3}, {1, 3}}), kBlack);
  EXPECT_EQ(image.pixels, (std::vector<uint8_t>{0, 0, 0, 0, 0, 0,  //
                                                0, 1, 1, 1, 0, 0,  //
                                                0, 1, 1, 1, 0, 0,  //
                                                0, 0, 0, 0, 0, 0}));
}

TEST(Canvas, GivesAPixelTheShareOfTheColourThatCoversIt) {
  Image image;
  Canvas canvas(image, 4, 1, WhiteBlackRed());
  canvas.FillPolygon(std::to_array<Point>({{0.75, 0}, {2.5, 0}, {2.5, 1}, {0.75, 1}}), kBlack);
  EXPECT_EQ(ColourOf(image, 0, 0), (std::vector{191, 191, 191}));  // a quarter
  EXPECT_EQ(ColourOf(image, 1, 0), (std::vector{0, 0, 0}));
  EXPECT_EQ(ColourOf(image, 2, 0), (std::vector{128, 128, 128}));  // a half
  EXPECT_EQ(ColourOf(image, 3, 0), (std::vector{255, 255, 255}));
}

TEST(Canvas, FillsAPolygonAlikeInBothDirections) {
  const std::vector<Point> one = {{2.2, 1.3}, {17.9, 4.4}, {9.1, 15.8}};
  const std::vector<Point> other(one.rbegin(), one.rend());
  Image first, second;
  Canvas(first, 20, 20, WhiteBlackRed()).FillPolygon(one, kBlack);
  Canvas(second, 20, 20, WhiteBlackRed()).FillPolygon(other, kBlack);
  EXPECT_EQ(first, second);
}

TEST(Canvas, DrawsShapesOfTheirAreaAtAnyPlaceAndAngle) {
  for (int i = 0; i < 50; ++i) {
    const double angle = 0.37 * i, x = 50 + 0.13 * i, y = 50 + 0.29 * i;
    const double cosine = std::cos(angle), sine = std::sin(angle);
    Image image;
    Canvas(image, 120, 120, WhiteBlackRed()).FillCircle({x, y}, 12.5, kBlack);
    EXPECT_NEAR(BlackArea(image), std::numbers::pi * 12.5 * 12.5, 2);

    Canvas(image, 120, 120, WhiteBlackRed())
        .DrawLine({x, y}, {x + 40 * cosine, y + 40 * sine}, 3, kBlack);
    EXPECT_NEAR(BlackArea(image), 40 * 3, 2);

    // An L of 30 x 30 without 20 x 20: concave.
    std::vector<Point> corners = {{0, 0}, {30, 0}, {30, 10}, {10, 10}, {10, 30}, {0, 30}};
    for (Point& corner : corners) {
      corner = {x + cosine * corner.x - sine * corner.y, y + sine * corner.x + cosine * corner.y};
    }
    Canvas(image, 120, 120, WhiteBlackRed()).FillPolygon(corners, kBlack);
    EXPECT_NEAR(BlackArea(image), 500, 2);
  }
}

TEST(Canvas, CutsOffWhatLiesOutside) {
  Image image;
  Canvas canvas(image, 30, 20, WhiteBlackRed());
  canvas.FillCircle({0, 0}, 10, kBlack);  // a quarter of it is in the picture
  EXPECT_NEAR(BlackArea(image), std::numbers::pi * 100 / 4, 1);
  canvas.FillCircle({-50, 10}, 10, kBlack);
  canvas.FillCircle({100, 10}, 10, kBlack);
  canvas.FillCircle({15, -40}, 10, kBlack);
  canvas.FillCircle({15, 70}, 10, kBlack);
  EXPECT_NEAR(BlackArea(image), std::numbers::pi * 100 / 4, 1);
  canvas.FillPolygon(std::to_array<Point>({{-1e6, -1e6}, {1e6, -1e6}, {1e6, 1e6}, {-1e6, 1e6}}),
                     kBlack);
  EXPECT_THAT(image.pixels, Each(kBlack));
}

TEST(Canvas, MixesAnEdgeWithWhatItIsDrawnOn) {
  Image image;
  Canvas canvas(image, 3, 1, WhiteBlackRed());
  canvas.FillPolygon(std::to_array<Point>({{1, 0}, {3, 0}, {3, 1}, {1, 1}}), kBlack);
  canvas.FillPolygon(std::to_array<Point>({{0.5, 0}, {2.5, 0}, {2.5, 1}, {0.5, 1}}), kRed);
  EXPECT_EQ(ColourOf(image, 0, 0), (std::vector{255, 128, 128}));  // half red, half white
  EXPECT_EQ(ColourOf(image, 1, 0), (std::vector{255, 0, 0}));
  EXPECT_EQ(ColourOf(image, 2, 0), (std::vector{128, 0, 0}));  // half red, half black
}

TEST(Paints, AThirdColourTakesThePlaceOfTheLesser) {
  const Paints& paints = WhiteBlackRed();
  const uint8_t mostly_black = paints.Over(kWhite, kBlack, 12);
  const uint8_t mostly_white = paints.Over(kWhite, kBlack, 4);
  EXPECT_EQ(paints.Over(mostly_black, kRed, 5), paints.Over(kBlack, kRed, 5));
  EXPECT_EQ(paints.Over(mostly_white, kRed, 5), paints.Over(kWhite, kRed, 5));
}

TEST(Paints, TheSameColourAgainCoversTheGreaterPart) {
  const Paints& paints = WhiteBlackRed();
  const uint8_t quarter = paints.Over(kWhite, kBlack, 4), half = paints.Over(kWhite, kBlack, 8);
  EXPECT_EQ(paints.Over(quarter, kBlack, 8), half);
  EXPECT_EQ(paints.Over(half, kBlack, 4), half);
  // Whichever of the two was drawn first.
  EXPECT_EQ(paints.Over(half, kWhite, 4), half);
  EXPECT_EQ(paints.Over(half, kWhite, 12), quarter);
}

TEST(Paints, SixColoursAndTheirMixturesFitInAByte) {
  const Paints paints({{}, {}, {}, {}, {}, {}});
  EXPECT_EQ(paints.palette().size(), 231u * 3);
  EXPECT_EQ(paints.Over(4, 5, 15), 230);
}

}  // namespace
}  // namespace dqnd
