#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "replay/block_pool.h"

namespace dqnd {

// How frames are kept in memory and on disk.
enum class FrameCodec {
  kNone,  // as they are
  kLz4,   // LZ4, against a frame of the same episode that lies up to 15 env_steps before
};

// Frames of one size, numbered from 0 in the order in which they were appended. They lie in blocks
// of a fixed size, so that growing neither copies nor doubles; the blocks go back to the pool with
// the store. How a frame is kept is known here alone; each can be read on its own.
//
// Reading is safe from several threads at once, each with a Scratch of its own, while nobody
// appends.
class FrameStore {
 public:
  static constexpr uint32_t kNone = std::numeric_limits<uint32_t>::max();

  // What a reader keeps from one Decode to the next: the frames of one state have most in common.
  // Forget it before reading from another store.
  struct Scratch {
    uint32_t key = kNone;
    std::vector<uint8_t> key_frame;
  };

  virtual ~FrameStore();
  FrameStore(const FrameStore&) = delete;
  FrameStore& operator=(const FrameStore&) = delete;

  // Returns the frame's number. `previous` is the frame before it in its episode, or kNone.
  // REQUIRES: frame.size() == frame_bytes, previous < size() or kNone.
  virtual uint32_t Append(std::span<const uint8_t> frame, uint32_t previous) = 0;

  // Writes frame `index` to `out`. REQUIRES: index < size(), out.size() == frame_bytes.
  virtual void Decode(uint32_t index, std::span<uint8_t> out, Scratch& scratch) const = 0;

  virtual uint32_t size() const = 0;

  // Whole blocks, the part of the last one that is not yet used included.
  int64_t bytes() const { return static_cast<int64_t>(blocks_.size()) * pool_->block_bytes(); }
  // How many bytes() will have grown by, at most, once `frames` more are appended.
  virtual int64_t GrowthBytes(int64_t frames) const = 0;

  // All frames as they are kept, and back into an empty store: nothing is compressed again. Load
  // throws std::runtime_error when the bytes are damaged.
  virtual void Save(ByteWriter& writer) const = 0;
  virtual size_t SavedBytes() const = 0;
  virtual void Load(uint32_t frames, ByteReader& reader) = 0;

 protected:
  FrameStore(std::shared_ptr<BlockPool> pool, int frame_bytes);

  // Constant after construction.
  const std::shared_ptr<BlockPool> pool_;
  const size_t frame_bytes_;

  std::vector<BlockPool::Block> blocks_;
};

// REQUIRES: frame_bytes <= pool->block_bytes(). Room for `most_frames` is made at once.
std::unique_ptr<FrameStore> MakeFrameStore(FrameCodec codec, std::shared_ptr<BlockPool> pool,
                                           int frame_bytes, int64_t most_frames);

// Memory that a store of so many frames takes beside its blocks.
int64_t FrameStoreMetadataBytes(FrameCodec codec, int64_t most_frames);

}  // namespace dqnd
