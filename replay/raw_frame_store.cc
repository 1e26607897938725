#include "replay/raw_frame_store.h"

#include <cassert>
#include <cstring>
#include <utility>

namespace dqnd {

RawFrameStore::RawFrameStore(std::shared_ptr<BlockPool> pool, int frame_bytes, int64_t most_frames)
    : FrameStore(std::move(pool), frame_bytes),
      frames_per_block_(static_cast<uint32_t>(pool_->block_bytes() / frame_bytes)) {
  assert(frames_per_block_ > 0);
  blocks_.reserve(static_cast<size_t>(most_frames / frames_per_block_ + 1));
}

uint8_t* RawFrameStore::At(uint32_t index) const {
  return &blocks_[index / frames_per_block_][index % frames_per_block_ * frame_bytes_];
}

uint32_t RawFrameStore::Append(std::span<const uint8_t> frame, uint32_t /*previous*/) {
  assert(frame.size() == frame_bytes_);
  if (size_ == blocks_.size() * frames_per_block_) blocks_.push_back(pool_->Take());
  std::memcpy(At(size_), frame.data(), frame_bytes_);
  return size_++;
}

void RawFrameStore::Decode(uint32_t index, std::span<uint8_t> out, Scratch& /*scratch*/) const {
  assert(index < size_ && out.size() == frame_bytes_);
  std::memcpy(out.data(), At(index), frame_bytes_);
}

int64_t RawFrameStore::GrowthBytes(int64_t frames) const {
  const int64_t blocks = (size_ + frames + frames_per_block_ - 1) / frames_per_block_;
  return blocks * pool_->block_bytes() - bytes();
}

// The frames one after the other.
void RawFrameStore::Save(ByteWriter& writer) const {
  for (uint32_t index = 0; index < size_; ++index) writer.Raw(At(index), frame_bytes_);
}

void RawFrameStore::Load(uint32_t frames, ByteReader& reader) {
  for (uint32_t left = frames; left > 0; --left) {
    const std::string_view raw = reader.Raw(frame_bytes_);
    Append({reinterpret_cast<const uint8_t*>(raw.data()), raw.size()}, kNone);
  }
}

}  // namespace dqnd
