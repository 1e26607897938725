#include "replay/frame_store.h"

#include <cassert>
#include <cstring>
#include <utility>

namespace dqnd {

FrameStore::FrameStore(std::shared_ptr<BlockPool> pool, int frame_bytes)
    : pool_(std::move(pool)),
      frame_bytes_(static_cast<size_t>(frame_bytes)),
      frames_per_block_(static_cast<uint32_t>(pool_->block_bytes() / frame_bytes)) {
  assert(frames_per_block_ > 0);
}

FrameStore::~FrameStore() {
  for (BlockPool::Block& block : blocks_) pool_->Return(std::move(block));
}

uint32_t FrameStore::Append(std::span<const uint8_t> frame) {
  assert(frame.size() == frame_bytes_);
  if (size_ == blocks_.size() * frames_per_block_) blocks_.push_back(pool_->Take());
  std::memcpy(&blocks_.back()[size_ % frames_per_block_ * frame_bytes_], frame.data(),
              frame_bytes_);
  return size_++;
}

void FrameStore::Decode(uint32_t index, std::span<uint8_t> out) const {
  assert(index < size_ && out.size() == frame_bytes_);
  const uint8_t* block = blocks_[index / frames_per_block_].get();
  std::memcpy(out.data(), block + index % frames_per_block_ * frame_bytes_, frame_bytes_);
}

int64_t FrameStore::GrowthBytes(int64_t frames) const {
  const int64_t blocks = (size_ + frames + frames_per_block_ - 1) / frames_per_block_;
  return blocks * pool_->block_bytes() - bytes();
}

}  // namespace dqnd
