#include "replay/segment.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>
#include <stdexcept>
#include <string>
#include <utility>

namespace dqnd {
namespace {

constexpr int64_t kSmallestBlockBytes = int64_t{4} << 10;
constexpr int64_t kLargestBlockBytes = int64_t{256} << 10;

// Far beyond any run, and far enough from overflow.
constexpr int64_t kLastTransition = int64_t{1} << 62;

// The first eight bytes of a saved segment: "DQNDSEG" and the format's version.
constexpr uint64_t kMagic = 0x01'47'45'53'44'4e'51'44;

// A saved row's flags.
constexpr uint8_t kTerminated = 1;
constexpr uint8_t kTruncated = 2;
constexpr uint64_t kSavedRowBytes = 4 + 4 + 4 + 1;

[[noreturn]] void ThrowDamaged(const std::string& what) {
  throw std::runtime_error("saved replay segment is damaged: " + what);
}

void CheckCount(const std::string& what, uint64_t count, int64_t most) {
  if (count > static_cast<uint64_t>(most)) {
    ThrowDamaged(std::to_string(count) + ' ' + what + ", at most " + std::to_string(most) +
                 " are possible");
  }
}

}  // namespace

int64_t SegmentShape::BlockBytes() const {
  const int64_t frames = std::max(transitions / 64, kSmallestBlockBytes / frame_bytes);
  const int64_t most_frames = kLargestBlockBytes / frame_bytes;
  const int64_t raw = std::max<int64_t>(1, std::min(frames, most_frames)) * frame_bytes;
  if (codec == FrameCodec::kNone) return raw;
  return std::max<int64_t>({frame_bytes, kSmallestBlockBytes, raw / 8});
}

int64_t SegmentShape::MostFrames(int64_t shortest_episode) const {
  // Every row stores the frame after it. What lies before it is new as well in the first row of an
  // episode (one frame) and in a lane's first row in this segment (the frames of a state).
  const int64_t active_lanes = std::min<int64_t>(lanes, transitions);
  const int64_t always = 2 * transitions + active_lanes * (stack - 1);
  const int64_t begins = transitions / shortest_episode + active_lanes;
  return std::min(always, transitions + begins + active_lanes * stack);
}

int64_t SegmentShape::MostBlocks(int64_t shortest_episode) const {
  const int64_t frames_per_block = BlockBytes() / frame_bytes;
  return (MostFrames(shortest_episode) + frames_per_block - 1) / frames_per_block;
}

int64_t SegmentShape::MetadataBytes() const {
  return transitions * static_cast<int64_t>(sizeof(Segment::Row)) +
         MostFrames() * static_cast<int64_t>(sizeof(uint32_t)) +
         FrameStoreMetadataBytes(codec, MostFrames());
}

int64_t SegmentShape::MostBytes(int64_t shortest_episode) const {
  return MetadataBytes() + MostBlocks(shortest_episode) * BlockBytes();
}

Segment::Segment(std::shared_ptr<BlockPool> pool, const SegmentShape& shape,
                 int64_t first_transition)
    : pool_(std::move(pool)),
      shape_(shape),
      first_transition_(first_transition),
      frames_(MakeFrameStore(shape.codec, pool_, shape.frame_bytes, shape.MostFrames())) {
  previous_frames_.reserve(static_cast<size_t>(shape.MostFrames()));
  rows_.reserve(static_cast<size_t>(shape.transitions));
  pool_->Charge(shape_.MetadataBytes());
}

Segment::~Segment() {
  pool_->Charge(-shape_.MetadataBytes());
}

uint32_t Segment::Append(uint32_t previous_row, std::span<const uint8_t> carried,
                         const Transition& transition, std::span<const uint8_t> next_frame) {
  assert(!full());
  const uint32_t index = size();
  uint32_t frame = kNone;
  if (previous_row == kNone) {
    const auto frame_bytes = static_cast<size_t>(shape_.frame_bytes);
    assert(!carried.empty() && carried.size() % frame_bytes == 0);
    for (size_t offset = 0; offset < carried.size(); offset += frame_bytes) {
      frame = AppendFrame(frame, carried.subspan(offset, frame_bytes));
    }
  } else {
    Row& previous = rows_[previous_row];
    assert(previous.next_row == kNone && !previous.transition.done());
    previous.next_row = index;
    frame = previous.frame_after;
  }
  rows_.push_back({.transition = transition, .frame_after = AppendFrame(frame, next_frame)});
  return index;
}

uint32_t Segment::AppendFrame(uint32_t previous_frame, std::span<const uint8_t> frame) {
  previous_frames_.push_back(previous_frame);
  return frames_->Append(frame, previous_frame);
}

int Segment::CopyStateBefore(uint32_t row, std::span<uint8_t> out,
                             FrameStore::Scratch& scratch) const {
  return CopyState(previous_frames_[rows_[row].frame_after], out, scratch);
}

int Segment::CopyStateAfter(uint32_t row, std::span<uint8_t> out,
                            FrameStore::Scratch& scratch) const {
  return CopyState(rows_[row].frame_after, out, scratch);
}

void Segment::CopyStates(uint32_t row, std::span<uint8_t> before, std::span<uint8_t> after,
                         FrameStore::Scratch& scratch) const {
  CopyStateBefore(row, before, scratch);
  const auto frame_bytes = static_cast<size_t>(shape_.frame_bytes);
  std::ranges::copy(before.subspan(frame_bytes), after.begin());
  frames_->Decode(rows_[row].frame_after, after.last(frame_bytes), scratch);
}

int Segment::CopyState(uint32_t frame, std::span<uint8_t> out, FrameStore::Scratch& scratch) const {
  assert(static_cast<int64_t>(out.size()) == shape_.state_bytes());
  const auto frame_bytes = static_cast<size_t>(shape_.frame_bytes);
  int missing = shape_.stack;
  while (missing > 0 && frame != kNone) {
    --missing;
    frames_->Decode(frame, out.subspan(static_cast<size_t>(missing) * frame_bytes, frame_bytes),
                    scratch);
    frame = previous_frames_[frame];
  }
  std::memset(out.data(), 0, static_cast<size_t>(missing) * frame_bytes);
  return shape_.stack - missing;
}

// The shape as i64 each: what a segment's meaning depends on.
std::array<std::pair<const char*, int64_t>, 5> Fields(const SegmentShape& shape) {
  return {{{"transitions", shape.transitions},
           {"lanes", shape.lanes},
           {"frame_bytes", shape.frame_bytes},
           {"stack", shape.stack},
           {"codec", static_cast<int64_t>(shape.codec)}}};
}

size_t Segment::SavedBytes() const {
  constexpr size_t kHeaderBytes = 9 * sizeof(uint64_t);
  return kHeaderBytes + previous_frames_.size() * sizeof(uint32_t) + rows_.size() * kSavedRowBytes +
         frames_->SavedBytes();
}

// magic u64; the shape; first_transition i64; frames u64; rows u64; previous frames [frames] u32;
// by row: frame_after u32, action u32, reward f32, flags u8; the frames as their store keeps them.
void Segment::Save(ByteWriter& writer) const {
  writer.U64(kMagic);
  for (const auto& [name, value] : Fields(shape_)) writer.I64(value);
  writer.I64(first_transition_);
  writer.U64(previous_frames_.size());
  writer.U64(rows_.size());
  writer.Raw(previous_frames_.data(), previous_frames_.size() * sizeof(uint32_t));
  for (const Row& row : rows_) {
    writer.U32(row.frame_after);
    writer.U32(static_cast<uint32_t>(row.transition.action));
    writer.F32(row.transition.reward);
    writer.U8((row.transition.terminated ? kTerminated : 0) |
              (row.transition.truncated ? kTruncated : 0));
  }
  frames_->Save(writer);
}

std::unique_ptr<Segment> Segment::Load(std::shared_ptr<BlockPool> pool, const SegmentShape& shape,
                                       ByteReader& reader) {
  if (const uint64_t magic = reader.U64(); magic != kMagic) {
    ThrowDamaged("it does not begin as a segment of format 1 does");
  }
  for (const auto& [name, value] : Fields(shape)) {
    if (const int64_t saved = reader.I64(); saved != value) {
      ThrowDamaged(std::string(name) + " is " + std::to_string(saved) + ", this run has " +
                   std::to_string(value));
    }
  }
  const int64_t first_transition = reader.I64();
  const uint64_t frames = reader.U64();
  const uint64_t rows = reader.U64();
  if (first_transition < 0 || first_transition > kLastTransition ||
      first_transition % shape.transitions != 0) {
    ThrowDamaged("it begins at transition " + std::to_string(first_transition) +
                 ", which is no multiple of " + std::to_string(shape.transitions) +
                 " from 0 to 2^62");
  }
  CheckCount("transitions", rows, shape.transitions);
  CheckCount("frames", frames, shape.MostFrames());
  // A compressed frame has a header of 8 bytes at least.
  const uint64_t frame_bytes =
      shape.codec == FrameCodec::kNone ? static_cast<uint64_t>(shape.frame_bytes) : 8;
  const uint64_t bytes_to_come = frames * (sizeof(uint32_t) + frame_bytes) + rows * kSavedRowBytes;
  if (bytes_to_come > reader.remaining()) {
    ThrowDamaged("it ends early, " + std::to_string(bytes_to_come) + " bytes wanted, " +
                 std::to_string(reader.remaining()) + " left");
  }
  auto segment = std::make_unique<Segment>(std::move(pool), shape, first_transition);
  segment->LoadLinks(frames, reader);
  segment->LoadRows(rows, reader);
  segment->frames_->Load(static_cast<uint32_t>(frames), reader);
  return segment;
}

void Segment::LoadLinks(uint64_t frames, ByteReader& reader) {
  for (uint32_t frame = 0; frame < frames; ++frame) {
    const uint32_t previous = reader.U32();
    if (previous != kNone && previous >= frame) {
      ThrowDamaged("frame " + std::to_string(frame) + " follows frame " + std::to_string(previous));
    }
    previous_frames_.push_back(previous);
  }
}

// Finds each row's next row again: the one that starts at the frame where it ended.
void Segment::LoadRows(uint64_t rows, ByteReader& reader) {
  std::vector<uint32_t> row_before(previous_frames_.size(), kNone);  // [frames]: row that led there
  for (uint32_t index = 0; index < rows; ++index) {
    Row row;
    row.frame_after = reader.U32();
    row.transition.action = static_cast<int32_t>(reader.U32());
    row.transition.reward = reader.F32();
    const uint8_t flags = reader.U8();
    row.transition.terminated = (flags & kTerminated) != 0;
    row.transition.truncated = (flags & kTruncated) != 0;

    const bool in_order = rows_.empty() || row.frame_after > rows_.back().frame_after;
    if (flags > (kTerminated | kTruncated) || !in_order ||
        row.frame_after >= previous_frames_.size() || previous_frames_[row.frame_after] == kNone) {
      ThrowDamaged("transition " + std::to_string(index) + " leads to frame " +
                   std::to_string(row.frame_after) + ", with flags " + std::to_string(flags));
    }
    const uint32_t previous = row_before[previous_frames_[row.frame_after]];
    if (previous != kNone) {
      if (rows_[previous].transition.done() || rows_[previous].next_row != kNone) {
        ThrowDamaged("transition " + std::to_string(index) +
                     " goes on from one that ends its episode or goes on elsewhere");
      }
      rows_[previous].next_row = index;
    }
    row_before[row.frame_after] = index;
    rows_.push_back(row);
  }
}

}  // namespace dqnd
