#include "replay/frame_store.h"

#include <utility>

#include "replay/lz4_frame_store.h"
#include "replay/raw_frame_store.h"

namespace dqnd {

FrameStore::FrameStore(std::shared_ptr<BlockPool> pool, int frame_bytes)
    : pool_(std::move(pool)), frame_bytes_(static_cast<size_t>(frame_bytes)) {}

FrameStore::~FrameStore() {
  for (BlockPool::Block& block : blocks_) pool_->Return(std::move(block));
}

std::unique_ptr<FrameStore> MakeFrameStore(FrameCodec codec, std::shared_ptr<BlockPool> pool,
                                           int frame_bytes, int64_t most_frames) {
  if (codec == FrameCodec::kLz4) {
    return std::make_unique<Lz4FrameStore>(std::move(pool), frame_bytes, most_frames);
  }
  return std::make_unique<RawFrameStore>(std::move(pool), frame_bytes, most_frames);
}

int64_t FrameStoreMetadataBytes(FrameCodec codec, int64_t most_frames) {
  return codec == FrameCodec::kLz4 ? Lz4FrameStore::MetadataBytes(most_frames) : 0;
}

}  // namespace dqnd
