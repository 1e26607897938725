#include "trainer/metrics/progress.h"

#include <gtest/gtest.h>

namespace dqnd {
namespace {

TEST(Progress, KnowsNoSpeedBeforeTimePassed) {
  Progress progress(1000);
  EXPECT_FALSE(progress.env_steps_per_second().has_value());
  progress.Update(10, 0);
  EXPECT_FALSE(progress.env_steps_per_second().has_value());
  EXPECT_EQ(progress.TimeLeft(), "-:--:--");
}

TEST(Progress, MeasuresFromTheStartUntilItsWindowIsFull) {
  Progress progress(1000);
  progress.Update(100, 2);
  EXPECT_EQ(progress.env_steps_per_second(), 50);
  EXPECT_EQ(progress.TimeLeft(), "0:00:18");
}

TEST(Progress, FollowsAChangeOfSpeedWithinHalfAMinute) {
  Progress progress(1'000'000);
  double seconds = 0;
  int64_t env_steps = 0;
  for (; seconds < 100; seconds += 0.25) progress.Update(env_steps += 1000, seconds);
  EXPECT_NEAR(*progress.env_steps_per_second(), 4000, 50);
  for (; seconds < 132; seconds += 0.25) progress.Update(env_steps += 10, seconds);
  EXPECT_NEAR(*progress.env_steps_per_second(), 40, 1);
}

TEST(Progress, MeasuresBetweenReportsThatAreMinutesApart) {
  Progress progress(100'000);
  progress.Update(1000, 100);
  progress.Update(4000, 200);
  progress.Update(5000, 300);
  EXPECT_EQ(progress.env_steps_per_second(), 10);
}

TEST(Progress, OfAResumedRunDoesNotCountWhatWasDoneBefore) {
  Progress progress(1000);
  progress.GoOnFrom(500, 3600);
  progress.Update(600, 3610);
  EXPECT_EQ(progress.env_steps_per_second(), 10);
  EXPECT_EQ(progress.fraction(), 0.6);
  EXPECT_EQ(progress.TimeLeft(), "0:00:40");
}

TEST(Progress, EndsAtTheWhole) {
  Progress progress(1000);
  progress.Update(1003, 10);
  EXPECT_EQ(progress.fraction(), 1);
  EXPECT_EQ(progress.TimeLeft(), "0:00:00");
}

TEST(Progress, NamesNoTimeWhenNothingMoves) {
  Progress progress(1000);
  progress.Update(0, 10);
  EXPECT_EQ(progress.TimeLeft(), "-:--:--");
}

TEST(FormatDuration, GivesHoursMinutesAndSeconds) {
  EXPECT_EQ(FormatDuration(0), "0:00:00");
  EXPECT_EQ(FormatDuration(318.4), "0:05:18");
  EXPECT_EQ(FormatDuration(59.6), "0:01:00");
  EXPECT_EQ(FormatDuration(100 * 3600 + 61), "100:01:01");
}

}  // namespace
}  // namespace dqnd
