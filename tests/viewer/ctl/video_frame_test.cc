#include "viewer/ctl/video_frame.h"

#include <gtest/gtest.h>

#include <limits>

#include "tests/viewer/fake_game.h"

namespace dqnd {
namespace {

constexpr Rgb kChosen = {88, 196, 132};
constexpr Rgb kByChance = {232, 176, 72};

RgbaPicture White(int width, int height) {
  return {width, height, std::vector<uint8_t>(static_cast<size_t>(width * height) * 4, 255)};
}

v1::Step StepWith(int action, std::initializer_list<float> q_values) {
  v1::Step step;
  step.set_action(action);
  for (const float q : q_values) step.add_q_values(q);
  return step;
}

int CountOf(const Canvas& canvas, Rgb colour) {
  int count = 0;
  for (int y = 0; y < canvas.height(); ++y) {
    for (int x = 0; x < canvas.width(); ++x) count += canvas.at(x, y) == colour ? 1 : 0;
  }
  return count;
}

TEST(ScaleFor, SquarePixelsGrowUntilTheVideoIs480High) {
  EXPECT_EQ(ScaleFor(10, 10, 1), (PixelScale{48, 48}));
  EXPECT_EQ(ScaleFor(600, 400, 1), (PixelScale{2, 2}));
  EXPECT_EQ(ScaleFor(640, 480, 1), (PixelScale{1, 1}));
  EXPECT_EQ(ScaleFor(5000, 5000, 1), (PixelScale{1, 1}));
}

TEST(ScaleFor, AlesPixelsAreWideByTheRightWholeNumbers) {
  // 800x630 of 160x210, which was shown as 4:3; 5:3 is within a twentieth of 7:4.
  EXPECT_EQ(ScaleFor(160, 210, 0.75 * 160 / 210), (PixelScale{5, 3}));
}

TEST(ScaleFor, ATallerVideoIsTakenWhereItsPixelsHaveABetterShape) {
  EXPECT_EQ(ScaleFor(160, 210, 0.85), (PixelScale{5, 4}));
}

TEST(ScaleFor, AShapeThatNoPixelHasIsTakenForASquare) {
  EXPECT_EQ(ScaleFor(160, 240, 0), (PixelScale{2, 2}));
  EXPECT_EQ(ScaleFor(160, 240, std::numeric_limits<double>::quiet_NaN()), (PixelScale{2, 2}));
}

TEST(ScaleFor, AStripOfAPictureDoesNotBecomeAWall) {
  EXPECT_EQ(ScaleFor(8192, 1, 1), (PixelScale{1, 1}));
  EXPECT_EQ(ScaleFor(4000, 2, 1.0 / 16), (PixelScale{2, 2}));
}

TEST(VideoFrame, SidesAreEvenAsEncodersWantThem) {
  v1::EnvironmentSpec square;
  square.set_pixel_aspect(1);
  VideoFrame frame(square, 501, 481, false);
  EXPECT_EQ(frame.width(), 502);
  EXPECT_EQ(frame.height(), 482);
}

TEST(VideoFrame, TheOverlayStandsBesideTheGameAndHidesNothingOfIt) {
  const v1::EnvironmentSpec spec = FakeGame::Spec();
  VideoFrame plain(spec, 160, 210, false);
  VideoFrame with(spec, 160, 210, true);
  EXPECT_GT(with.width(), plain.width());
  EXPECT_EQ(with.height(), plain.height());
  const Canvas& drawn = with.Draw(White(160, 210), {.step = StepWith(1, {1, 2, 3, 4})});
  EXPECT_EQ(CountOf(drawn, {255, 255, 255}), plain.width() * plain.height());
}

TEST(VideoFrame, BarsSpanTheValuesThatWereSeenAndTheChosenOneIsMarked) {
  VideoFrame frame(FakeGame::Spec(), 160, 210, true);
  const RgbaPicture picture = White(160, 210);
  const int least = CountOf(frame.Draw(picture, {.step = StepWith(0, {0, 1, 2, 4})}), kChosen);
  const int middle = CountOf(frame.Draw(picture, {.step = StepWith(2, {0, 1, 2, 4})}), kChosen);
  const int most = CountOf(frame.Draw(picture, {.step = StepWith(3, {0, 1, 2, 4})}), kChosen);
  EXPECT_LT(least, middle);
  EXPECT_LT(middle, most);
  // Since 8 was seen, 4 is the middle.
  frame.Draw(picture, {.step = StepWith(0, {8, 8, 8, 8})});
  EXPECT_EQ(CountOf(frame.Draw(picture, {.step = StepWith(3, {0, 1, 2, 4})}), kChosen), middle);
}

TEST(VideoFrame, ARandomActionHasAnotherColour) {
  VideoFrame frame(FakeGame::Spec(), 160, 210, true);
  v1::Step step = StepWith(1, {1, 2, 3, 4});
  step.set_exploratory(true);
  const Canvas& drawn = frame.Draw(White(160, 210), {.step = step});
  EXPECT_EQ(CountOf(drawn, kChosen), 0);
  EXPECT_GT(CountOf(drawn, kByChance), 0);
}

TEST(VideoFrame, WhatADaemonShouldNotSendIsDrawnAllTheSame) {
  VideoFrame frame(FakeGame::Spec(), 160, 210, true);
  v1::Step step = StepWith(-7, {});
  for (int i = 0; i < 1000; ++i) step.add_q_values(std::numeric_limits<float>::quiet_NaN());
  step.set_return_so_far(std::numeric_limits<double>::infinity());
  frame.Draw(White(160, 210), {.step = step});
  frame.Draw(White(3, 1000), {});
  frame.Draw({}, {});
}

}  // namespace
}  // namespace dqnd
