#include "replay/frame_store.h"

#include <array>
#include <memory>

#include <gtest/gtest.h>

namespace dqnd {
namespace {

std::array<uint8_t, 3> Frame(uint32_t number) {
  return {static_cast<uint8_t>(number), static_cast<uint8_t>(number >> 8), 77};
}

TEST(FrameStore, ReturnsEveryFrameAcrossBlocks) {
  const auto pool = std::make_shared<BlockPool>(12, 4);  // four frames a block
  FrameStore store(pool, 3);
  for (uint32_t i = 0; i < 1'000; ++i) ASSERT_EQ(store.Append(Frame(i)), i);
  for (uint32_t i = 0; i < 1'000; ++i) {
    std::array<uint8_t, 3> frame{};
    store.Decode(i, frame);
    ASSERT_EQ(frame, Frame(i));
  }
  EXPECT_EQ(store.size(), 1'000u);
  EXPECT_EQ(store.bytes(), 250 * 12);
}

TEST(FrameStore, TellsBeforehandHowMuchItWillGrow) {
  const auto pool = std::make_shared<BlockPool>(12, 4);
  FrameStore store(pool, 3);
  for (uint32_t i = 0; i < 20; ++i) {
    const int64_t growth = store.GrowthBytes(1);
    const int64_t before = store.bytes();
    store.Append(Frame(i));
    ASSERT_EQ(store.bytes() - before, growth);
  }
  EXPECT_EQ(store.GrowthBytes(0), 0);
  EXPECT_EQ(store.GrowthBytes(4), 12);
  EXPECT_EQ(store.GrowthBytes(5), 24);
}

TEST(FrameStore, HandsItsBlocksBackWhenItGoes) {
  const auto pool = std::make_shared<BlockPool>(12, 1);
  {
    FrameStore store(pool, 3);
    for (uint32_t i = 0; i < 12; ++i) store.Append(Frame(i));
    EXPECT_EQ(pool->bytes(), 36);
  }
  EXPECT_EQ(pool->bytes(), 12);
}

}  // namespace
}  // namespace dqnd
