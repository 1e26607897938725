#include "trainer/memory_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dqnd {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kGiB = int64_t{1} << 30;

Config WithBuffer(int64_t buffer_size) {
  Config config = ParseConfig("environment: {id: \"minatar:breakout\"}", "test");
  config.replay.buffer_size = buffer_size;
  return config;
}

TEST(PlanMemory, TheReplayMemoryGrowsWithItsBound) {
  const MemoryPlan small = PlanMemory(WithBuffer(10'000), {.bytes = 8 * kGiB, .source = "a test"});
  const MemoryPlan large =
      PlanMemory(WithBuffer(1'000'000), {.bytes = 8 * kGiB, .source = "a test"});
  // 400 bytes a frame and less than 100 for what stands beside it.
  EXPECT_GT(large.total_bytes() - small.total_bytes(), 990'000 * 400LL);
  EXPECT_LT(large.total_bytes() - small.total_bytes(), 990'000 * 550LL);
  EXPECT_TRUE(large.fits());
}

TEST(PlanMemory, TheLargestBufferThatFitsFitsAndOneMoreDoesNot) {
  const MemoryLimit limit{.bytes = kGiB, .source = "a test"};
  const MemoryPlan plan = PlanMemory(WithBuffer(10'000'000), limit);
  EXPECT_FALSE(plan.fits());
  ASSERT_GT(plan.largest_buffer_size, 10'000);
  EXPECT_TRUE(PlanMemory(WithBuffer(plan.largest_buffer_size), limit).fits());
  EXPECT_FALSE(PlanMemory(WithBuffer(plan.largest_buffer_size + 1), limit).fits());
}

TEST(PlanMemory, WhereNothingFitsItSaysSo) {
  EXPECT_EQ(
      PlanMemory(WithBuffer(1000), {.bytes = 1 << 20, .source = "a test"}).largest_buffer_size, 0);
}

TEST(PlanMemory, TheTableNamesEveryPartAndTheLimitsSource) {
  const std::string table =
      PlanMemory(WithBuffer(1000), {.bytes = kGiB, .source = "a test"}).Table();
  for (const char* part :
       {"replay memory", "networks", "optimizer", "batches", "total", "1.00 GiB", "a test"}) {
    EXPECT_THAT(table, HasSubstr(part));
  }
}

}  // namespace
}  // namespace dqnd
