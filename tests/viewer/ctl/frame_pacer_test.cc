#include "viewer/ctl/frame_pacer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace dqnd {
namespace {

// How many frames each picture fills.
std::vector<int64_t> FramesOf(const std::vector<int64_t>& times_microseconds,
                              double frames_per_second, double speed = 1) {
  FramePacer pacer(frames_per_second, speed);
  std::vector<int64_t> frames;
  for (const int64_t time : times_microseconds) frames.push_back(pacer.FramesUntil(time));
  frames.erase(frames.begin());  // before the first picture there is none
  frames.push_back(pacer.FramesAtEnd());
  return frames;
}

TEST(FramePacer, PicturesAtTheVideosRateFillOneFrameEach) {
  std::vector<int64_t> times;
  for (int i = 0; i < 1000; ++i) times.push_back(std::llround(i * 1e6 / 59.94));
  EXPECT_EQ(FramesOf(times, 59.94), std::vector<int64_t>(1000, 1));
}

TEST(FramePacer, SlowerPicturesAreShownAgain) {
  EXPECT_EQ(FramesOf({0, 200'000, 400'000}, 10), (std::vector<int64_t>{2, 2, 1}));
}

TEST(FramePacer, OfFasterPicturesTheNewestOfEachFrameIsShown) {
  EXPECT_EQ(FramesOf({0, 50'000, 100'000, 150'000, 200'000}, 10),
            (std::vector<int64_t>{1, 0, 1, 0, 1}));
}

TEST(FramePacer, TwiceTheSpeedHalvesTheFrames) {
  EXPECT_EQ(FramesOf({0, 100'000, 200'000, 300'000}, 10, 2), (std::vector<int64_t>{1, 0, 1, 0}));
  EXPECT_EQ(FramesOf({0, 100'000, 200'000}, 10, 0.5), (std::vector<int64_t>{2, 2, 1}));
}

TEST(FramePacer, AVideoBeginsWithItsFirstPicture) {
  EXPECT_EQ(FramesOf({5'000'000'000, 5'000'100'000}, 10), (std::vector<int64_t>{1, 1}));
}

TEST(FramePacer, AGameThatStoodStillForDaysIsShownForTenSeconds) {
  EXPECT_EQ(FramesOf({0, int64_t{1} << 60, (int64_t{1} << 60) + 100'000}, 10),
            (std::vector<int64_t>{100, 1, 1}));
}

TEST(FramePacer, TimesThatRunBackwardsStandStill) {
  EXPECT_EQ(FramesOf({0, 100'000, 50'000, 150'000}, 10), (std::vector<int64_t>{1, 0, 1, 1}));
}

TEST(FramePacer, ASinglePictureFillsOneFrameAndNoneFillsNone) {
  EXPECT_EQ(FramesOf({0}, 60), (std::vector<int64_t>{1}));
  EXPECT_EQ(FramePacer(60, 1).FramesAtEnd(), 0);
}

}  // namespace
}  // namespace dqnd
