// Saving and restoring of a ReplayMemory: its options, how many sealed segments come before, the
// segment in the making, the lanes.
#include <algorithm>
#include <limits>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>

#include "replay/replay_memory.h"

namespace dqnd {
namespace {

constexpr uint32_t kFormatVersion = 1;
constexpr size_t kSavedLaneBytes = 1 + 4 + 4;  // beside the frames it carries
constexpr size_t kMostOtherBytes = 64;         // options and count

void RequireEqual(const std::string& option, int64_t saved, int64_t here) {
  if (saved != here) {
    throw std::runtime_error("replay memory was saved with " + option + ' ' +
                             std::to_string(saved) + ", this run has " + std::to_string(here));
  }
}

[[noreturn]] void ThrowDamaged(const std::string& what) {
  throw std::runtime_error("saved replay memory is damaged: " + what);
}

int ReadInt(const char* option, ByteReader& reader) {
  const int64_t value = reader.I64();
  if (value < 0 || value > std::numeric_limits<int>::max()) {
    ThrowDamaged(std::string(option) + " is " + std::to_string(value));
  }
  return static_cast<int>(value);
}

}  // namespace

void ReplayMemory::SaveTail(ByteWriter& writer) const {
  writer.Reserve(making_->SavedBytes() + static_cast<size_t>(options_.LaneBytes()) +
                 kMostOtherBytes + lanes_.size() * kSavedLaneBytes);
  SaveOptions(writer);
  writer.U64(sealed_.size());
  making_->Save(writer);
  for (const Lane& lane : lanes_) {
    const std::span<const uint8_t> carried = CarriedFrames(lane);
    writer.U8(lane.in_episode ? 1 : 0);
    writer.U32(lane.last_row);
    writer.U32(static_cast<uint32_t>(lane.carried_frames));
    writer.Raw(carried.data(), carried.size());
  }
}

std::shared_ptr<const Segment> ReplayMemory::LoadSegment(ByteReader& reader) const {
  return Segment::Load(pool_, shape_, reader);
}

void ReplayMemory::Restore(ByteReader& tail, std::vector<std::shared_ptr<const Segment>> sealed) {
  Clear();
  try {
    LoadOptions(tail);
    LoadContents(tail, std::move(sealed));
    CopyAllFrames();
  } catch (...) {
    Clear();
    throw;
  }
}

void ReplayMemory::SaveOptions(ByteWriter& writer) const {
  writer.U32(kFormatVersion);
  writer.I64(options_.buffer_size);
  writer.I64(shape_.transitions);
  writer.I64(options_.lanes);
  writer.I64(options_.frame_bytes);
  writer.I64(options_.stack);
  writer.I64(static_cast<int64_t>(options_.codec));
}

ReplayOptions ReplayMemory::SavedOptions(ByteReader& tail) {
  const uint32_t version = tail.U32();
  if (version != kFormatVersion) {
    throw std::runtime_error("replay memory was saved in format " + std::to_string(version) +
                             ", this program reads format " + std::to_string(kFormatVersion));
  }
  ReplayOptions options;
  options.buffer_size = tail.I64();
  options.segment_transitions = tail.I64();
  options.lanes = ReadInt("lanes", tail);
  options.frame_bytes = ReadInt("frame_bytes", tail);
  options.stack = ReadInt("stack", tail);
  options.codec = static_cast<FrameCodec>(ReadInt("codec", tail));
  return options;
}

void ReplayMemory::LoadOptions(ByteReader& reader) const {
  const ReplayOptions saved = SavedOptions(reader);
  RequireEqual("buffer_size", saved.buffer_size, options_.buffer_size);
  RequireEqual("segment_transitions", *saved.segment_transitions, shape_.transitions);
  RequireEqual("lanes", saved.lanes, options_.lanes);
  RequireEqual("frame_bytes", saved.frame_bytes, options_.frame_bytes);
  RequireEqual("stack", saved.stack, options_.stack);
  RequireEqual("codec", static_cast<int64_t>(saved.codec), static_cast<int64_t>(options_.codec));
}

void ReplayMemory::LoadContents(ByteReader& reader,
                                std::vector<std::shared_ptr<const Segment>> sealed) {
  const uint64_t count = reader.U64();
  const int64_t most_sealed = options_.MostFullSegments();
  if (count != sealed.size() || count > static_cast<uint64_t>(most_sealed)) {
    ThrowDamaged("it goes on from " + std::to_string(count) + " full segments, " +
                 std::to_string(sealed.size()) + " are there and at most " +
                 std::to_string(most_sealed) + " are possible");
  }
  making_.reset();
  making_ = Segment::Load(pool_, shape_, reader);
  if (making_->full()) ThrowDamaged("the segment in the making is full");
  for (size_t i = 0; i < sealed.size(); ++i) {
    const int64_t expected =
        making_->first_transition() - static_cast<int64_t>(sealed.size() - i) * shape_.transitions;
    if (!sealed[i]->full() || sealed[i]->first_transition() != expected) {
      ThrowDamaged("a full segment that begins at transition " + std::to_string(expected) +
                   " is missing");
    }
    first_frames_.push_back(making_first_frame_);
    making_first_frame_ += sealed[i]->frames();
    sealed_.push_back(std::move(sealed[i]));
  }
  appended_ = making_->first_transition() + making_->size();
  // Where max_bytes is less than it was when the bytes were saved.
  while (options_.max_bytes && !sealed_.empty() && OwnBytes() > *options_.max_bytes) DropOldest();
  DropBeyondTheCopy(0);
  std::set<uint32_t> taken;
  for (Lane& lane : lanes_) {
    LoadLane(reader, lane);
    if (lane.last_row != Segment::kNone && !taken.insert(lane.last_row).second) {
      ThrowDamaged("two lanes go on from transition " + std::to_string(lane.last_row));
    }
  }
}

void ReplayMemory::LoadLane(ByteReader& reader, Lane& lane) const {
  const uint8_t in_episode = reader.U8();
  lane.in_episode = in_episode == 1;
  lane.last_row = reader.U32();
  const uint32_t carried_frames = reader.U32();
  const bool goes_on_here = lane.last_row != Segment::kNone;
  const bool carries = carried_frames > 0;
  if (in_episode > 1 || carried_frames > static_cast<uint32_t>(options_.stack) ||
      lane.in_episode != (goes_on_here || carries) || (goes_on_here && carries)) {
    ThrowDamaged("a lane's state contradicts itself");
  }
  if (goes_on_here) {
    if (lane.last_row >= making_->size() || making_->row(lane.last_row).transition.done() ||
        making_->row(lane.last_row).next_row != Segment::kNone) {
      ThrowDamaged("a lane goes on from transition " + std::to_string(lane.last_row) +
                   ", which is no episode's newest");
    }
  }
  lane.carried_frames = static_cast<int>(carried_frames);
  const std::span<uint8_t> carried = std::span(lane.carried).last(CarriedFrames(lane).size());
  const std::string_view raw = reader.Raw(carried.size());
  std::ranges::copy(raw, carried.begin());
}

}  // namespace dqnd
