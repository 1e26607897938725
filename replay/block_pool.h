#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace dqnd {

// Blocks of one size, given out and taken back, so that a replay memory in its steady state neither
// allocates nor frees: the blocks of a dropped segment hold the frames of the next. The pool also
// keeps the account of all memory that segments take, whoever still holds them.
//
// Safe for use by several threads at once: the last holder of a sealed segment may be any thread.
class BlockPool {
 public:
  using Block = std::unique_ptr<uint8_t[]>;

  // Keeps at most `most_free_blocks` blocks for reuse; more go back to the operating system.
  BlockPool(int64_t block_bytes, int64_t most_free_blocks);

  // A block of block_bytes() bytes with any content.
  Block Take();
  void Return(Block block) noexcept;

  // Adds memory that a segment takes beside its blocks to the account; negative when it is freed.
  void Charge(int64_t bytes) noexcept;

  // Frees unused blocks until bytes() is at most `limit_bytes` or none is left.
  void DropFreeBlocks(int64_t limit_bytes);

  int64_t block_bytes() const { return block_bytes_; }
  // Blocks given out, blocks kept for reuse, and what was charged.
  int64_t bytes() const;

 private:
  // Constant after construction.
  const int64_t block_bytes_;
  const size_t most_free_blocks_;

  mutable std::mutex mutex_;
  // Guarded by mutex_.
  std::vector<Block> free_;
  int64_t bytes_ = 0;
};

}  // namespace dqnd
