#pragma once

#include "replay/frame_store.h"

namespace dqnd {

// Frames as they are, a fixed number in each block.
class RawFrameStore : public FrameStore {
 public:
  RawFrameStore(std::shared_ptr<BlockPool> pool, int frame_bytes, int64_t most_frames);

  uint32_t Append(std::span<const uint8_t> frame, uint32_t previous) override;
  void Decode(uint32_t index, std::span<uint8_t> out, Scratch& scratch) const override;
  uint32_t size() const override { return size_; }
  int64_t GrowthBytes(int64_t frames) const override;
  void Save(ByteWriter& writer) const override;
  size_t SavedBytes() const override { return size_ * frame_bytes_; }
  void Load(uint32_t frames, ByteReader& reader) override;

 private:
  uint8_t* At(uint32_t index) const;

  const uint32_t frames_per_block_;
  uint32_t size_ = 0;
};

}  // namespace dqnd
