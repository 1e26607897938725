#include "viewer/window/curve_range.h"

#include <gtest/gtest.h>

namespace dqnd {
namespace {

const RunCurve kSpeed{{1000, 2000, 3000, 4000, 5000}, {2e6, 3e6, 1e6, 400, 420}};

TEST(CurveRange, SpeedIsMeasuredBehindTheRandomPhase) {
  const RunCurve updates{{1000, 2000, 3000, 4000, 5000}, {0, 0, 50, 300, 550}};
  const CurveRange range = RangeOfSpeed(kSpeed, updates);
  EXPECT_EQ(range.low, 0);
  EXPECT_EQ(range.high, 420) << "the row in which learning began is partly random";
}

TEST(CurveRange, UpdatesOfOtherRowsWillDo) {
  EXPECT_EQ(RangeOfSpeed(kSpeed, {{3500}, {175}}).high, 420) << "the curves were thinned out";
}

TEST(CurveRange, BeforeLearningAllRowsCount) {
  EXPECT_EQ(RangeOfSpeed({{1000, 2000}, {2e6, 3e6}}, {{1000, 2000}, {0, 0}}).high, 3e6);
  EXPECT_EQ(RangeOfSpeed({{1000}, {2e6}}, {{1000}, {10}}).high, 2e6);
}

TEST(CurveRange, WithoutUpdatesAFewFastRowsDoNotSetTheAxis) {
  RunCurve speed;
  for (int row = 0; row < 20; ++row) {
    speed.env_steps.push_back(row);
    speed.values.push_back(row == 0 ? 2e6 : 400 + row);
  }
  EXPECT_EQ(RangeOfSpeed(speed, {}).high, 2 * 418);
}

TEST(CurveRange, OtherCurvesAreShownWhole) {
  const CurveRange range = RangeOf({{1, 2, 3}, {-2, 5, 1}});
  EXPECT_EQ(range.low, -2);
  EXPECT_EQ(range.high, 5);
}

}  // namespace
}  // namespace dqnd
