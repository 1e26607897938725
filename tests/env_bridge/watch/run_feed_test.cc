#include "env_bridge/watch/run_feed.h"

#include <gtest/gtest.h>

namespace dqnd {
namespace {

LogLine Line(int number) {
  return {.unix_seconds = 1, .level = LogLevel::kInfo, .text = std::to_string(number)};
}

TEST(RunFeed, ANewReaderGetsTheLastHundredLinesAndThenEachNewOne) {
  Wakeup news;
  RunFeed feed(news);
  for (int i = 0; i < 250; ++i) feed.Add(Line(i));
  RunFeed::Reader reader(feed);
  const auto first = reader.Take();
  ASSERT_EQ(first.lines.size(), 100u);
  EXPECT_EQ(first.lines.front().text, "150");
  EXPECT_TRUE(reader.Take().empty());
  feed.Add(Line(250));
  EXPECT_EQ(reader.Take().lines.front().text, "250");
}

TEST(RunFeed, AReaderThatFallsFarBehindMissesOnlyTheOldest) {
  Wakeup news;
  RunFeed feed(news);
  RunFeed::Reader reader(feed);
  for (int i = 0; i < 1500; ++i) feed.Add(Line(i));
  const auto lines = reader.Take().lines;
  ASSERT_EQ(lines.size(), RunFeed::kKept);
  EXPECT_EQ(lines.front().text, "500");
  EXPECT_EQ(lines.back().text, "1499");
}

TEST(RunFeed, RowsBecomeCurvesByName) {
  Wakeup news;
  RunFeed feed(news);
  feed.Add(MetricsRow{.env_steps = 10, .values = {{"train/loss", 0.5}, {"time/fps", 100}}});
  feed.Add(MetricsRow{.env_steps = 20, .values = {{"train/loss", 0.25}}});
  const auto curves = feed.Curves({"train/loss", "no/such"});
  ASSERT_EQ(curves.size(), 1u);
  const auto& points = curves[0].second.points();
  ASSERT_EQ(points.size(), 2u);
  EXPECT_EQ(points[1].env_steps, 20);
  EXPECT_EQ(points[1].value, 0.25);
  EXPECT_EQ(feed.Curves({}).size(), 2u);
}

TEST(Curve, ThinsOutEvenlyAsItGrowsAndKeepsItsBeginning) {
  Curve curve;
  for (int i = 0; i < 100'000; ++i) curve.Append({i, 2.0 * i});
  const auto& points = curve.points();
  EXPECT_LE(points.size(), Curve::kMostPoints);
  EXPECT_GE(points.size(), Curve::kMostPoints / 2);
  EXPECT_EQ(points[0].env_steps, 0);
  const int64_t stride = points[1].env_steps;
  for (size_t i = 0; i < points.size(); ++i) {
    ASSERT_EQ(points[i].env_steps, static_cast<int64_t>(i) * stride);
    ASSERT_EQ(points[i].value, 2.0 * static_cast<double>(points[i].env_steps));
  }
}

}  // namespace
}  // namespace dqnd
