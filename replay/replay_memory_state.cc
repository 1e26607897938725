// Saving and loading of a ReplayMemory: its options, the sealed segments oldest first, the segment
// in the making, the lanes.
#include <algorithm>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>

#include "replay/replay_memory.h"

namespace dqnd {
namespace {

constexpr uint32_t kFormatVersion = 1;

void RequireEqual(const std::string& option, int64_t saved, int64_t here) {
  if (saved != here) {
    throw std::runtime_error("replay memory was saved with " + option + ' ' +
                             std::to_string(saved) + ", this run has " + std::to_string(here));
  }
}

[[noreturn]] void ThrowDamaged(const std::string& what) {
  throw std::runtime_error("saved replay memory is damaged: " + what);
}

}  // namespace

void ReplayMemory::SaveState(ByteWriter& writer) const {
  SaveOptions(writer);
  writer.U64(sealed_.size());
  for (const auto& segment : sealed_) segment->Save(writer);
  making_->Save(writer);
  for (const Lane& lane : lanes_) {
    const std::span<const uint8_t> carried = CarriedFrames(lane);
    writer.U8(lane.in_episode ? 1 : 0);
    writer.U32(lane.last_row);
    writer.U32(static_cast<uint32_t>(lane.carried_frames));
    writer.Raw(carried.data(), carried.size());
  }
}

void ReplayMemory::LoadState(ByteReader& reader) {
  Clear();
  try {
    LoadOptions(reader);
    LoadContents(reader);
  } catch (...) {
    Clear();
    throw;
  }
}

void ReplayMemory::SaveOptions(ByteWriter& writer) const {
  writer.U32(kFormatVersion);
  writer.I64(options_.buffer_size);
  writer.I64(options_.max_bytes.value_or(0));
  writer.I64(shape_.transitions);
  writer.I64(options_.lanes);
  writer.I64(options_.frame_bytes);
  writer.I64(options_.stack);
}

void ReplayMemory::LoadOptions(ByteReader& reader) const {
  const uint32_t version = reader.U32();
  if (version != kFormatVersion) {
    throw std::runtime_error("replay memory was saved in format " + std::to_string(version) +
                             ", this program reads format " + std::to_string(kFormatVersion));
  }
  RequireEqual("buffer_size", reader.I64(), options_.buffer_size);
  RequireEqual("max_bytes", reader.I64(), options_.max_bytes.value_or(0));
  RequireEqual("segment_transitions", reader.I64(), shape_.transitions);
  RequireEqual("lanes", reader.I64(), options_.lanes);
  RequireEqual("frame_bytes", reader.I64(), options_.frame_bytes);
  RequireEqual("stack", reader.I64(), options_.stack);
}

void ReplayMemory::LoadContents(ByteReader& reader) {
  const uint64_t sealed = reader.U64();
  const int64_t most_sealed = (options_.buffer_size + shape_.transitions - 1) / shape_.transitions;
  if (sealed > static_cast<uint64_t>(most_sealed)) {
    ThrowDamaged(std::to_string(sealed) + " full segments, at most " + std::to_string(most_sealed) +
                 " are possible");
  }
  making_.reset();
  for (uint64_t i = 0; i <= sealed; ++i) {
    auto segment = Segment::Load(pool_, shape_, reader);
    if (i > 0 && segment->first_transition() != appended_) {
      ThrowDamaged("transition " + std::to_string(segment->first_transition()) + " follows " +
                   std::to_string(appended_));
    }
    if (segment->full() != (i < sealed)) ThrowDamaged("only the last segment is not full");
    appended_ = segment->first_transition() + segment->size();
    if (i < sealed) {
      sealed_.push_back(std::move(segment));
    } else {
      making_ = std::move(segment);
    }
    if (options_.max_bytes && OwnBytes() > *options_.max_bytes) {
      ThrowDamaged("its segments take more than max_bytes");
    }
  }
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
