#include "replay/lz4_frame_store.h"

#include <lz4.h>

#include <algorithm>
#include <cassert>
#include <cstring>
#include <stdexcept>
#include <string>
#include <utility>

namespace dqnd {
namespace {

// Frames from one key frame to the next. More make key frames rarer and what lies between less like
// them: 16 is near the smallest total on Breakout, Pong, Seaquest and Space Invaders.
constexpr uint32_t kKeyInterval = 16;

// What compressing needs beside the frame, 16 KiB and two frames. One a thread, since stores come
// and go with their segments.
struct Encoder {
  LZ4_stream_t stream;
  FrameStore::Scratch scratch;
  std::vector<uint8_t> compressed;
};

Encoder& ThisThreadsEncoder() {
  thread_local Encoder encoder;
  return encoder;
}

[[noreturn]] void ThrowDamaged(uint32_t frame) {
  throw std::runtime_error("saved replay segment is damaged: frame " + std::to_string(frame) +
                           " does not decode");
}

const char* Chars(const uint8_t* bytes) {
  return reinterpret_cast<const char*>(bytes);
}
char* Chars(uint8_t* bytes) {
  return reinterpret_cast<char*>(bytes);
}

}  // namespace

Lz4FrameStore::Lz4FrameStore(std::shared_ptr<BlockPool> pool, int frame_bytes, int64_t most_frames)
    : FrameStore(std::move(pool), frame_bytes), used_(static_cast<size_t>(pool_->block_bytes())) {
  entries_.reserve(static_cast<size_t>(most_frames));
}

uint32_t Lz4FrameStore::Append(std::span<const uint8_t> frame, uint32_t previous) {
  assert(frame.size() == frame_bytes_);
  const uint32_t index = size();
  const bool is_key = previous == kNone || entries_[previous].depth + 1 == kKeyInterval;
  const uint32_t key = is_key ? index : entries_[previous].key;
  const uint32_t depth = is_key ? 0 : entries_[previous].depth + 1;

  Encoder& encoder = ThisThreadsEncoder();
  encoder.compressed.resize(frame_bytes_);
  const int size = static_cast<int>(frame_bytes_);
  // From nothing each time: the bytes must not depend on what this thread compressed before.
  LZ4_initStream(&encoder.stream, sizeof encoder.stream);
  if (!is_key) {
    encoder.scratch.key = kNone;  // it may be another store's
    const std::span<const uint8_t> dictionary = KeyFrame(key, encoder.scratch);
    LZ4_loadDict(&encoder.stream, Chars(dictionary.data()), size);
  }
  // 0 when the result would be larger than the frame.
  const int compressed = LZ4_compress_fast_continue(
      &encoder.stream, Chars(frame.data()), Chars(encoder.compressed.data()), size, size - 1,
      /*acceleration=*/1);
  entries_.push_back(
      compressed == 0 ? Place(frame, key, depth)
                      : Place(std::span(encoder.compressed).first(static_cast<size_t>(compressed)),
                              key, depth));
  return index;
}

Lz4FrameStore::Entry Lz4FrameStore::Place(std::span<const uint8_t> bytes, uint32_t key,
                                          uint32_t depth) {
  if (used_ + bytes.size() > static_cast<size_t>(pool_->block_bytes())) {
    blocks_.push_back(pool_->Take());
    used_ = 0;
  }
  const Entry entry{.block = static_cast<uint32_t>(blocks_.size() - 1),
                    .offset = static_cast<uint32_t>(used_),
                    .key = key,
                    .size = static_cast<uint32_t>(bytes.size()),
                    .depth = depth};
  std::ranges::copy(bytes, &blocks_.back()[used_]);
  used_ += bytes.size();
  return entry;
}

void Lz4FrameStore::Decode(uint32_t index, std::span<uint8_t> out, Scratch& scratch) const {
  assert(index < size() && out.size() == frame_bytes_);
  const Entry& entry = entries_[index];
  if (scratch.key == index) {
    std::ranges::copy(scratch.key_frame, out.begin());
  } else if (entry.key == index) {
    DecodeEntry(entry, {}, out);
  } else {
    DecodeEntry(entry, KeyFrame(entry.key, scratch), out);
  }
}

// The key frame itself, from `scratch` when it was the last one asked for.
std::span<const uint8_t> Lz4FrameStore::KeyFrame(uint32_t key, Scratch& scratch) const {
  if (scratch.key != key) {
    scratch.key = kNone;  // should decoding throw
    scratch.key_frame.resize(frame_bytes_);
    DecodeEntry(entries_[key], {}, scratch.key_frame);
    scratch.key = key;
  }
  return scratch.key_frame;
}

void Lz4FrameStore::DecodeEntry(const Entry& entry, std::span<const uint8_t> dictionary,
                                std::span<uint8_t> out) const {
  const uint8_t* bytes = At(entry);
  if (entry.size == frame_bytes_) {
    std::memcpy(out.data(), bytes, frame_bytes_);
    return;
  }
  const int decoded = LZ4_decompress_safe_usingDict(
      Chars(bytes), Chars(out.data()), static_cast<int>(entry.size), static_cast<int>(frame_bytes_),
      Chars(dictionary.data()), static_cast<int>(dictionary.size()));
  if (decoded != static_cast<int>(frame_bytes_)) {
    ThrowDamaged(static_cast<uint32_t>(&entry - entries_.data()));
  }
}

// Each of the frames may be as large as it is without compression, and leave the end of its block
// empty for the next.
int64_t Lz4FrameStore::GrowthBytes(int64_t frames) const {
  const auto block_bytes = pool_->block_bytes();
  const auto frame_bytes = static_cast<int64_t>(frame_bytes_);
  const int64_t here = (block_bytes - static_cast<int64_t>(used_)) / frame_bytes;
  const int64_t per_block = block_bytes / frame_bytes;
  return (std::max<int64_t>(0, frames - here) + per_block - 1) / per_block * block_bytes;
}

// By frame: key u32, size and depth << 27 u32, the bytes.
void Lz4FrameStore::Save(ByteWriter& writer) const {
  for (const Entry& entry : entries_) {
    writer.U32(entry.key);
    writer.U32(entry.size | entry.depth << 27);
    writer.Raw(At(entry), entry.size);
  }
}

size_t Lz4FrameStore::SavedBytes() const {
  size_t bytes = entries_.size() * 2 * sizeof(uint32_t);
  for (const Entry& entry : entries_) bytes += entry.size;
  return bytes;
}

void Lz4FrameStore::Load(uint32_t frames, ByteReader& reader) {
  Scratch scratch;
  std::vector<uint8_t> frame(frame_bytes_);
  for (uint32_t index = 0; index < frames; ++index) {
    const uint32_t key = reader.U32();
    const uint32_t size_and_depth = reader.U32();
    const uint32_t size = size_and_depth & ((1u << 27) - 1);
    const uint32_t depth = size_and_depth >> 27;
    const bool key_is_one = key == index || (key < index && entries_[key].key == key);
    if (!key_is_one || size == 0 || size > frame_bytes_ || depth >= kKeyInterval ||
        (key == index) != (depth == 0)) {
      ThrowDamaged(index);
    }
    const std::string_view raw = reader.Raw(size);
    entries_.push_back(
        Place({reinterpret_cast<const uint8_t*>(raw.data()), raw.size()}, key, depth));
    Decode(index, frame, scratch);  // throws where it cannot be
  }
}

}  // namespace dqnd
