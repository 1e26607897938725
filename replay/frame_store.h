#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "replay/block_pool.h"

namespace dqnd {

// Frames of one size, numbered from 0 in the order in which they were appended. They lie in blocks
// of a fixed size, so that growing neither copies nor doubles; the blocks go back to the pool with
// the store. How a frame is kept is known here alone; each can be read on its own.
//
// Reading is safe from several threads at once while nobody appends.
class FrameStore {
 public:
  // REQUIRES: frame_bytes <= pool->block_bytes().
  FrameStore(std::shared_ptr<BlockPool> pool, int frame_bytes);
  ~FrameStore();
  FrameStore(const FrameStore&) = delete;
  FrameStore& operator=(const FrameStore&) = delete;

  // Returns the frame's number. REQUIRES: frame.size() == frame_bytes.
  uint32_t Append(std::span<const uint8_t> frame);

  // Writes frame `index` to `out`. REQUIRES: index < size(), out.size() == frame_bytes.
  void Decode(uint32_t index, std::span<uint8_t> out) const;

  uint32_t size() const { return size_; }

  // Whole blocks, the part of the last one that is not yet used included.
  int64_t bytes() const { return static_cast<int64_t>(blocks_.size()) * pool_->block_bytes(); }
  // How many bytes() will have grown by once `frames` more are appended.
  int64_t GrowthBytes(int64_t frames) const;

 private:
  // Constant after construction.
  const std::shared_ptr<BlockPool> pool_;
  const size_t frame_bytes_;
  const uint32_t frames_per_block_;

  std::vector<BlockPool::Block> blocks_;
  uint32_t size_ = 0;
};

}  // namespace dqnd
