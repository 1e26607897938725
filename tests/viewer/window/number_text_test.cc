#include "viewer/window/number_text.h"

#include <gtest/gtest.h>

#include <limits>

namespace dqnd {
namespace {

TEST(NumberText, CountsAreShort) {
  EXPECT_EQ(CountText(999), "999");
  EXPECT_EQ(CountText(1234), "1.23k");
  EXPECT_EQ(CountText(250'000), "250k");
  EXPECT_EQ(CountText(1'250'000), "1.25M");
  EXPECT_EQ(CountText(999'999), "1.00M");
  EXPECT_EQ(CountText(3'000'000'000), "3.00G");
  EXPECT_EQ(GroupedText(1'250'000), "1,250,000");
  EXPECT_EQ(GroupedText(-123'456), "-123,456");
  EXPECT_EQ(GroupedText(12), "12");
}

TEST(NumberText, ValuesHaveThreeDigits) {
  EXPECT_EQ(ValueText(0), "0");
  EXPECT_EQ(ValueText(0.01234), "0.0123");
  EXPECT_EQ(ValueText(-1.834), "-1.83");
  EXPECT_EQ(ValueText(21.44), "21.4");
  EXPECT_EQ(ValueText(412.4), "412");
  EXPECT_EQ(ValueText(1.2e6), "1.2e+06");
  EXPECT_EQ(ValueText(std::numeric_limits<double>::quiet_NaN()), "nan");
}

TEST(NumberText, TimesAndSizesAreInWordsThatPeopleUse) {
  EXPECT_EQ(DurationText(12.7), "12 s");
  EXPECT_EQ(DurationText(3 * 3600 + 12 * 60), "3 h 12 min");
  EXPECT_EQ(DurationText(53 * 3600), "2 d 5 h");
  EXPECT_EQ(DurationText(-1), "-");
  EXPECT_EQ(BytesText(182 << 20), "182 MiB");
  EXPECT_EQ(BytesText(int64_t{5} << 28), "1.25 GiB");
  EXPECT_EQ(SpeedText(0.125), "1/8x");
  EXPECT_EQ(SpeedText(32), "32x");
}

}  // namespace
}  // namespace dqnd
