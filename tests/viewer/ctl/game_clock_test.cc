#include "viewer/ctl/game_clock.h"

#include <gtest/gtest.h>

#include <limits>

namespace dqnd {
namespace {

v1::EnvironmentSpec Game(double frames_per_second, int frame_skip) {
  v1::EnvironmentSpec spec;
  spec.set_frames_per_second(frames_per_second);
  spec.set_frame_skip(frame_skip);
  return spec;
}

v1::Moment Frame() {
  return {};
}

v1::Moment Decision() {
  v1::Moment moment;
  moment.mutable_step();
  return moment;
}

TEST(GameClock, EveryEmulatorFrameIsOneFrameLater) {
  GameClock clock(Game(60, 4));
  EXPECT_EQ(clock.TimeOf(Frame()), 0);  // the first picture of a game
  EXPECT_EQ(clock.TimeOf(Frame()), 16'667);
  EXPECT_EQ(clock.TimeOf(Frame()), 33'333);
  EXPECT_EQ(clock.TimeOf(Frame()), 50'000);
  EXPECT_EQ(clock.TimeOf(Decision()), 66'667);
  EXPECT_EQ(clock.TimeOf(Frame()), 83'333);
}

TEST(GameClock, ADecisionWithoutFramesBeforeItTakesAsLongAsAllOfThem) {
  GameClock clock(Game(60, 4));
  EXPECT_EQ(clock.TimeOf(Frame()), 0);
  EXPECT_EQ(clock.TimeOf(Decision()), 16'667);
  EXPECT_EQ(clock.TimeOf(Decision()), 83'333);
  EXPECT_EQ(clock.TimeOf(Decision()), 150'000);
}

TEST(GameClock, AnHourOfFramesIsAnHour) {
  GameClock clock(Game(60, 1));
  int64_t time = 0;
  for (int i = 0; i <= 60 * 3600; ++i) time = clock.TimeOf(Decision());
  EXPECT_EQ(time, int64_t{3600} * 1'000'000);
}

TEST(FramesPerSecond, AreSaneWhateverADaemonSays) {
  EXPECT_EQ(FramesPerSecond(Game(59.94, 4)), 59.94);
  EXPECT_EQ(FramesPerSecond(Game(1e9, 4)), 240);
  EXPECT_EQ(FramesPerSecond(Game(0.001, 4)), 1);
  EXPECT_EQ(FramesPerSecond(Game(0, 4)), 30);
  EXPECT_EQ(FramesPerSecond(Game(-5, 4)), 30);
  EXPECT_EQ(FramesPerSecond(Game(std::numeric_limits<double>::quiet_NaN(), 4)), 30);
}

}  // namespace
}  // namespace dqnd
