#include "env_bridge/watch/saliency.h"

#include <algorithm>
#include <array>
#include <cstring>

#include <gtest/gtest.h>

#include "env_bridge/watch/saliency_worker.h"
#include "tests/env_bridge/watch/test_policy.h"

namespace dqnd {
namespace {

TEST(Saliency, OfASmallBoardIsHighWhereTheNetworkLooksAndZeroElsewhere) {
  const ObservationSpec board = {.height = 10, .width = 5, .channels = 2};
  // Looks at row 3, column 4, second plane, alone.
  FunctionPolicy policy(100, [](std::span<const uint8_t> state) {
    return std::vector<float>{0, 2.0f * state[(3 * 5 + 4) * 2 + 1]};
  });
  const std::vector<uint8_t> state(100, 1);
  const Saliency map = ComputeSaliency(policy, board, state, 1);
  EXPECT_EQ(map.height, 10);
  EXPECT_EQ(map.width, 5);
  for (int place = 0; place < 50; ++place) {
    EXPECT_EQ(map.changes[place], place == 3 * 5 + 4 ? 2.0f : 0.0f) << place;
  }
}

TEST(Saliency, OfAVectorIsOneNumberEach) {
  const ObservationSpec vector = {.type = ElementType::kFloat32, .channels = 4};
  FunctionPolicy policy(16, [](std::span<const uint8_t> state) {
    std::array<float, 4> x{};
    std::memcpy(x.data(), state.data(), sizeof x);
    return std::vector<float>{x[0] - 3 * x[2]};
  });
  const std::array<float, 4> x = {1, 5, 2, 7};
  std::vector<uint8_t> state(16);
  std::memcpy(state.data(), x.data(), sizeof x);
  EXPECT_EQ(ComputeSaliency(policy, vector, state, 0).changes, (std::vector<float>{1, 0, 6, 0}));
}

TEST(Saliency, OfAPictureIsHighestWhereASpotIsThatTheNetworkMeasures) {
  const ObservationSpec picture = {.height = 84, .width = 84, .stack = 2};
  std::vector<uint8_t> state(2 * 84 * 84, 100);
  const auto pixel = [](int row, int column) { return 84 * 84 + row * 84 + column; };
  for (int row = 60; row < 63; ++row) {
    for (int column = 20; column < 23; ++column) state[pixel(row, column)] = 255;
  }
  FunctionPolicy policy(state.size(), [&](std::span<const uint8_t> s) {
    return std::vector<float>{static_cast<float>(s[pixel(61, 21)])};
  });
  const Saliency map = ComputeSaliency(policy, picture, state, 0);
  ASSERT_EQ(map.changes.size(), 17u * 17u);
  const auto highest = std::ranges::max_element(map.changes) - map.changes.begin();
  EXPECT_EQ(highest / 17, 61 * 17 / 84);
  EXPECT_EQ(highest % 17, 21 * 17 / 84);
  EXPECT_EQ(map.changes[0], 0);
}

TEST(SaliencyWorker, ComputesTheNewestStateThatWasOffered) {
  const ObservationSpec board = {.height = 2, .width = 2};
  FunctionPolicySource policies(4, [](std::span<const uint8_t> state) {
    return std::vector<float>{static_cast<float>(state[3])};
  });
  Wakeup news;
  SaliencyWorker worker(policies, board, news);
  EXPECT_EQ(worker.newest(), nullptr);
  worker.Offer(7, {0, 0, 0, 9}, 0);
  news.WaitUntil(std::chrono::steady_clock::now() + std::chrono::minutes(1), {});
  ASSERT_NE(worker.newest(), nullptr);
  EXPECT_EQ(worker.newest()->env_step, 7);
  EXPECT_EQ(worker.newest()->map.changes, (std::vector<float>{0, 0, 0, 9}));
}

}  // namespace
}  // namespace dqnd
