#include "env_bridge/rpc/rate_limits.h"

#include <gtest/gtest.h>

namespace dqnd {
namespace {

int Passed(RateLimits& limits, const std::string& client, RateLimits::Clock::time_point now) {
  int passed = 0;
  for (int i = 0; i < 300; ++i) passed += limits.Pass(client, now) ? 1 : 0;
  return passed;
}

TEST(RateLimits, EachClientHasARateOfItsOwn) {
  const auto start = RateLimits::Clock::now();
  RateLimits limits(100);
  EXPECT_EQ(Passed(limits, "one", start), 100);
  EXPECT_EQ(Passed(limits, "other", start), 100);
  EXPECT_EQ(Passed(limits, "one", start), 0);
  EXPECT_EQ(Passed(limits, "one", start + std::chrono::milliseconds(500)), 50);
}

TEST(RateLimits, OfTooManyClientsTheOneThatCalledLongestAgoIsForgotten) {
  auto now = RateLimits::Clock::now();
  const auto tick = std::chrono::nanoseconds(1);
  RateLimits limits(100);
  Passed(limits, "first", now += tick);
  Passed(limits, "second", now += tick);
  EXPECT_FALSE(limits.Pass("first", now += tick));
  for (size_t i = 0; i < RateLimits::kMostClients - 1; ++i) {
    EXPECT_TRUE(limits.Pass(std::to_string(i), now += tick));
  }
  EXPECT_FALSE(limits.Pass("first", now += tick));
  EXPECT_TRUE(limits.Pass("second", now += tick));
}

}  // namespace
}  // namespace dqnd
