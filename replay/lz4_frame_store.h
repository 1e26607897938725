#pragma once

#include "replay/frame_store.h"

namespace dqnd {

// Frames compressed by LZ4, one by one. Every 16th frame of an episode is a key frame, compressed
// on its own; those in between use their episode's last key frame as dictionary, since most of a
// screen stays as it was. So a frame decodes from itself and at most one other.
class Lz4FrameStore : public FrameStore {
 public:
  Lz4FrameStore(std::shared_ptr<BlockPool> pool, int frame_bytes, int64_t most_frames);

  uint32_t Append(std::span<const uint8_t> frame, uint32_t previous) override;
  void Decode(uint32_t index, std::span<uint8_t> out, Scratch& scratch) const override;
  uint32_t size() const override { return static_cast<uint32_t>(entries_.size()); }
  int64_t GrowthBytes(int64_t frames) const override;
  void Save(ByteWriter& writer) const override;
  size_t SavedBytes() const override;
  void Load(uint32_t frames, ByteReader& reader) override;

  static int64_t MetadataBytes(int64_t most_frames) {
    return most_frames * static_cast<int64_t>(sizeof(Entry));
  }

 private:
  struct Entry {
    uint32_t block;
    uint32_t offset;     // in the block
    uint32_t key;        // the key frame's number; a key frame's is its own
    uint32_t size : 27;  // compressed; frame_bytes when it is kept as it is
    uint32_t depth : 5;  // frames of the episode since the key frame
  };

  std::span<const uint8_t> KeyFrame(uint32_t key, Scratch& scratch) const;
  void DecodeEntry(const Entry& entry, std::span<const uint8_t> dictionary,
                   std::span<uint8_t> out) const;
  Entry Place(std::span<const uint8_t> bytes, uint32_t key, uint32_t depth);
  const uint8_t* At(const Entry& entry) const { return &blocks_[entry.block][entry.offset]; }

  std::vector<Entry> entries_;
  size_t used_ = 0;  // bytes of the last block
};

}  // namespace dqnd
