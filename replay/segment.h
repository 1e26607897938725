#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "replay/block_pool.h"
#include "replay/frame_store.h"
#include "replay/transition.h"

namespace dqnd {

// What all segments of a memory have in common.
struct SegmentShape {
  int64_t transitions = 1;  // in a full segment
  int lanes = 1;            // episodes that may be under way at once
  int frame_bytes = 1;
  int stack = 1;  // frames in a state
  FrameCodec codec = FrameCodec::kNone;

  int64_t state_bytes() const { return static_cast<int64_t>(stack) * frame_bytes; }

  // The size of a block of frames: a 64th of a segment's frames, since half of its last block lies
  // empty on average, but 4 to 256 KiB (or one frame, where that is larger). Compressed frames get
  // an eighth of that.
  int64_t BlockBytes() const;

  // Most frames in one segment when episodes are at least `shortest_episode` env_steps long.
  int64_t MostFrames(int64_t shortest_episode = 1) const;
  int64_t MostBlocks(int64_t shortest_episode = 1) const;

  // Memory of one segment beside its blocks, allocated when the segment is opened.
  int64_t MetadataBytes() const;

  // Most memory that one segment takes.
  int64_t MostBytes(int64_t shortest_episode = 1) const;
};

// Up to `transitions` consecutive transitions of all lanes in the order in which they were
// appended, and the frames that their states are made of, each stored once. A segment needs no
// other: where an episode goes on from an earlier segment, the frames of its current state are
// stored again.
//
// A segment that is full never changes again; then any number of threads may read it, and the last
// of them may destroy it.
class Segment {
 public:
  // Stands for "no frame" (before an episode's first) and "no row".
  static constexpr uint32_t kNone = std::numeric_limits<uint32_t>::max();

  // A transition at its place in the segment.
  struct Row {
    Transition transition;
    uint32_t frame_after = kNone;
    uint32_t next_row =
        kNone;  // the transition that the same episode goes on with, where it is here
  };

  // An empty segment. `first_transition` is the number, since the run began, of its row 0. The
  // blocks of `pool` are of shape.BlockBytes() bytes.
  Segment(std::shared_ptr<BlockPool> pool, const SegmentShape& shape, int64_t first_transition);
  ~Segment();
  Segment(const Segment&) = delete;
  Segment& operator=(const Segment&) = delete;

  // Adds a transition and returns its row. It goes on from `previous_row`; where that is kNone,
  // from the state whose frames, oldest first, are `carried`: [1..stack, frame_bytes]. REQUIRES:
  // !full(); row `previous_row` ends no episode and has no next row.
  uint32_t Append(uint32_t previous_row, std::span<const uint8_t> carried,
                  const Transition& transition, std::span<const uint8_t> next_frame);

  // How many bytes() will have grown by once Append has stored `frames` more frames.
  int64_t GrowthBytes(int64_t frames) const { return frames_->GrowthBytes(frames); }

  int64_t first_transition() const { return first_transition_; }
  uint32_t size() const { return static_cast<uint32_t>(rows_.size()); }
  bool full() const { return static_cast<int64_t>(rows_.size()) == shape_.transitions; }
  const Row& row(uint32_t index) const { return rows_[index]; }

  // Frames are numbered in the order in which they were stored.
  uint32_t frames() const { return frames_->size(); }
  // The one before it in its episode, or kNone.
  uint32_t frame_before(uint32_t frame) const { return previous_frames_[frame]; }
  void CopyFrame(uint32_t frame, std::span<uint8_t> out, FrameStore::Scratch& scratch) const {
    frames_->Decode(frame, out, scratch);
  }

  // Writes the state before or after a row's env_step to `out`, [stack, frame_bytes], oldest frame
  // first, zeros before the episode's first, and returns how many frames are real.
  int CopyStateBefore(uint32_t row, std::span<uint8_t> out, FrameStore::Scratch& scratch) const;
  int CopyStateAfter(uint32_t row, std::span<uint8_t> out, FrameStore::Scratch& scratch) const;

  // Both at once, which reads the frames that they share once.
  void CopyStates(uint32_t row, std::span<uint8_t> before, std::span<uint8_t> after,
                  FrameStore::Scratch& scratch) const;

  // Memory taken: whole blocks of frames, rows and links; container headers are not counted.
  int64_t bytes() const { return shape_.MetadataBytes() + frames_->bytes(); }

  // How many bytes Save will write.
  size_t SavedBytes() const;
  // Everything, full or not, in the layout of docs/formats.md.
  void Save(ByteWriter& writer) const;
  // Throws std::runtime_error when the bytes are damaged or of another shape or format.
  static std::unique_ptr<Segment> Load(std::shared_ptr<BlockPool> pool, const SegmentShape& shape,
                                       ByteReader& reader);

 private:
  uint32_t AppendFrame(uint32_t previous_frame, std::span<const uint8_t> frame);
  int CopyState(uint32_t frame, std::span<uint8_t> out, FrameStore::Scratch& scratch) const;
  void LoadLinks(uint64_t frames, ByteReader& reader);
  void LoadRows(uint64_t rows, ByteReader& reader);

  // Constant after construction.
  const std::shared_ptr<BlockPool> pool_;
  const SegmentShape shape_;
  const int64_t first_transition_;

  std::unique_ptr<FrameStore> frames_;
  std::vector<uint32_t> previous_frames_;  // [frames]: the one before it in its episode, or kNone
  std::vector<Row> rows_;
};

}  // namespace dqnd
