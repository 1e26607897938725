#include "viewer/ctl/number_text.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>

namespace dqnd {
namespace {

TEST(NumberText, ThousandsAreGrouped) {
  EXPECT_EQ(Grouped(0), "0");
  EXPECT_EQ(Grouped(999), "999");
  EXPECT_EQ(Grouped(12'345), "12,345");
  EXPECT_EQ(Grouped(-1'234'567), "-1,234,567");
  EXPECT_EQ(Grouped(std::numeric_limits<int64_t>::min()), "-9,223,372,036,854,775,808");
}

TEST(NumberText, FractionsHaveFourDigits) {
  EXPECT_EQ(ShortNumber(21), "21");
  EXPECT_EQ(ShortNumber(0.0123456), "0.01235");
  EXPECT_EQ(ShortNumber(1e20), "1e+20");
  EXPECT_EQ(ShortNumber(std::nan("")), "-");
}

TEST(NumberText, DurationsAreClocksAndDays) {
  EXPECT_EQ(DurationText(318), "0:05:18");
  EXPECT_EQ(DurationText(86'400 * 3 + 3661), "3 d 1:01:01");
  EXPECT_EQ(DurationText(-1), "-");
  EXPECT_EQ(DurationText(std::nan("")), "-");
}

TEST(NumberText, BytesHaveTheUnitThatFits) {
  EXPECT_EQ(BytesText(512), "512 bytes");
  EXPECT_EQ(BytesText(int64_t{182} << 20), "182 MiB");
  EXPECT_EQ(BytesText(int64_t{3} << 29), "1.5 GiB");
}

}  // namespace
}  // namespace dqnd
