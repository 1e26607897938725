#include "replay/block_pool.h"

#include <gtest/gtest.h>

namespace dqnd {
namespace {

TEST(BlockPool, GivesReturnedBlocksOutAgainBeforeItAllocates) {
  BlockPool pool(100, 4);
  BlockPool::Block block = pool.Take();
  const uint8_t* address = block.get();
  pool.Return(std::move(block));
  block = pool.Take();
  EXPECT_EQ(block.get(), address);
  EXPECT_EQ(pool.bytes(), 100);
}

TEST(BlockPool, CountsBlocksOutAndFreeAndWhatWasCharged) {
  BlockPool pool(100, 4);
  BlockPool::Block first = pool.Take();
  BlockPool::Block second = pool.Take();
  pool.Charge(7);
  EXPECT_EQ(pool.bytes(), 207);
  pool.Return(std::move(first));
  EXPECT_EQ(pool.bytes(), 207);
  pool.Charge(-7);
  EXPECT_EQ(pool.bytes(), 200);
  pool.Return(std::move(second));
}

TEST(BlockPool, KeepsNoMoreFreeBlocksThanItMay) {
  BlockPool pool(100, 1);
  BlockPool::Block first = pool.Take();
  BlockPool::Block second = pool.Take();
  pool.Return(std::move(first));
  pool.Return(std::move(second));
  EXPECT_EQ(pool.bytes(), 100);
}

TEST(BlockPool, DropsFreeBlocksDownToALimitAndNeverThoseInUse) {
  BlockPool pool(100, 4);
  BlockPool::Block in_use = pool.Take();
  {
    BlockPool::Block second = pool.Take();
    BlockPool::Block third = pool.Take();
    pool.Return(std::move(second));
    pool.Return(std::move(third));
  }
  pool.DropFreeBlocks(250);
  EXPECT_EQ(pool.bytes(), 200);
  pool.DropFreeBlocks(0);
  EXPECT_EQ(pool.bytes(), 100);
  pool.Return(std::move(in_use));
}

}  // namespace
}  // namespace dqnd
