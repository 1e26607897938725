#include "trainer/memory_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dqnd {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kMiB = int64_t{1} << 20, kGiB = int64_t{1} << 30;

Config WithBuffer(int64_t buffer_size) {
  Config config = ParseConfig("environment: {id: \"minatar:breakout\"}", "test");
  config.replay.buffer_size = buffer_size;
  return config;
}

TEST(PlanMemory, TheReplayMemoryGrowsWithItsBound) {
  const MemoryPlan small =
      PlanMemory(WithBuffer(10'000), {.bytes = 8 * kGiB, .source = "a test"}, 130 * kMiB);
  const MemoryPlan large =
      PlanMemory(WithBuffer(1'000'000), {.bytes = 8 * kGiB, .source = "a test"}, 130 * kMiB);
  // 400 bytes a frame and less than 100 for what stands beside it.
  EXPECT_GT(large.total_bytes() - small.total_bytes(), 990'000 * 400LL);
  EXPECT_LT(large.total_bytes() - small.total_bytes(), 990'000 * 550LL);
  EXPECT_TRUE(large.fits());
}

// Also in a process that measures itself a little larger.
TEST(PlanMemory, TheLargestBufferThatFitsFitsAndOneAHundredthLargerDoesNot) {
  const MemoryLimit limit{.bytes = kGiB, .source = "a test"};
  const MemoryPlan plan = PlanMemory(WithBuffer(10'000'000), limit, 130 * kMiB);
  EXPECT_FALSE(plan.fits());
  const int64_t largest = plan.largest_buffer_size;
  ASSERT_GT(largest, 10'000);
  EXPECT_TRUE(PlanMemory(WithBuffer(largest), limit, 134 * kMiB).fits());
  EXPECT_FALSE(PlanMemory(WithBuffer(largest + largest / 100), limit, 130 * kMiB).fits());
}

// 65,536 times 65,536 weights, five times.
TEST(MeasureOneUpdate, ANetworkBeyondTheLimitIsRefusedBeforeItIsMade) {
  const Config config = ParseConfig(
      "environment: {id: catch}\nnetwork: {architecture: mlp, hidden_sizes: [65536, 65536]}",
      "test");
  EXPECT_THAT([&] { MeasureOneUpdate(config, {.bytes = 8 * kGiB, .source = "a test"}); },
              ::testing::ThrowsMessage<std::invalid_argument>(
                  ::testing::AllOf(HasSubstr("80.06 GiB"), HasSubstr("8.00 GiB (a test)"),
                                   HasSubstr("network.hidden_sizes"))));
}

TEST(PlanMemory, LeavesRoomForTheHealthCheckOfAContainer) {
  const auto total = [] { return PlanMemory(Config{}, FindMemoryLimit(), 0).total_bytes(); };
  const int64_t elsewhere = total();
  setenv("DQND_VOLUME", "/runs", 1);
  EXPECT_EQ(total(), elsewhere + (int64_t{64} << 20));
  unsetenv("DQND_VOLUME");
}

TEST(PlanMemory, SaysWhatAGpuIsToHold) {
  const MemoryLimit limit{.bytes = 8 * kGiB, .source = "a test"};
  Config config = WithBuffer(1'000'000);
  EXPECT_EQ(PlanMemory(config, limit, 0).gpu_bytes, 0);
  config.train.device = Device::kCuda;
  const MemoryPlan plan = PlanMemory(config, limit, 0);
  EXPECT_EQ(plan.gpu_bytes, 5 * 4 * 132'566);  // two networks, two moments, a gradient
  config.replay.on_device = true;
  const int64_t with_frames = PlanMemory(config, limit, 0).gpu_bytes;
  EXPECT_GT(with_frames, plan.gpu_bytes + 1'000'000 * 400LL);
  EXPECT_LT(with_frames, plan.gpu_bytes + 1'200'000 * 400LL);
  EXPECT_THAT(plan.Table(), HasSubstr("GPU "));
}

TEST(PlanMemory, WhereNothingFitsItSaysSo) {
  EXPECT_EQ(PlanMemory(WithBuffer(1000), {.bytes = 1 << 20, .source = "a test"}, 130 * kMiB)
                .largest_buffer_size,
            0);
}

TEST(PlanMemory, TheTableNamesEveryPartAndTheLimitsSource) {
  const std::string table =
      PlanMemory(WithBuffer(1000), {.bytes = kGiB, .source = "a test"}, 130 * kMiB).Table();
  for (const char* part : {"replay memory", "networks", "optimizer", "checkpoint buffers",
                           "program and LibTorch", "total", "1.00 GiB", "a test"}) {
    EXPECT_THAT(table, HasSubstr(part));
  }
}

}  // namespace
}  // namespace dqnd
