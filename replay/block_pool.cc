#include "replay/block_pool.h"

#include <utility>

namespace dqnd {

BlockPool::BlockPool(int64_t block_bytes, int64_t most_free_blocks)
    : block_bytes_(block_bytes), most_free_blocks_(static_cast<size_t>(most_free_blocks)) {
  free_.reserve(most_free_blocks_);  // so that Return never allocates
}

BlockPool::Block BlockPool::Take() {
  {
    const std::lock_guard lock(mutex_);
    if (!free_.empty()) {
      Block block = std::move(free_.back());
      free_.pop_back();
      return block;
    }
  }
  Block block = std::make_unique_for_overwrite<uint8_t[]>(static_cast<size_t>(block_bytes_));
  Charge(block_bytes_);
  return block;
}

void BlockPool::Return(Block block) noexcept {
  const std::lock_guard lock(mutex_);
  if (free_.size() < most_free_blocks_) {
    free_.push_back(std::move(block));
  } else {
    bytes_ -= block_bytes_;
  }
}

void BlockPool::Charge(int64_t bytes) noexcept {
  const std::lock_guard lock(mutex_);
  bytes_ += bytes;
}

void BlockPool::DropFreeBlocks(int64_t limit_bytes) {
  const std::lock_guard lock(mutex_);
  while (bytes_ > limit_bytes && !free_.empty()) {
    free_.pop_back();
    bytes_ -= block_bytes_;
  }
}

int64_t BlockPool::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

}  // namespace dqnd
