#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "replay/replay_memory.h"
#include "trainer/checkpoint/checkpoint_store.h"

namespace dqnd {

// A run that remembers what it was told: a replay memory and one file, for tests of what writes and
// reads checkpoints.
class TinyRun {
 public:
  TinyRun() { memory_.Begin(0, Frame(0)); }

  void Play(int64_t env_steps) {
    for (int64_t i = 0; i < env_steps; ++i) {
      memory_.Append(0, {.action = static_cast<int32_t>(i)}, Frame(memory_.appended() + 1));
    }
  }

  const ReplayMemory& memory() const { return memory_; }

  CheckpointContent Content() const {
    CheckpointContent content;
    content.manifest.env_steps = memory_.appended();
    content.files = {{"state.bin", "state at " + std::to_string(memory_.appended())},
                     {"replay_tail", Tail()}};
    content.segments.assign(memory_.sealed_segments().begin(), memory_.sealed_segments().end());
    return content;
  }

  // All that it remembers, in one piece.
  std::string Everything() const {
    ByteWriter writer;
    for (const auto& segment : memory_.sealed_segments()) segment->Save(writer);
    return writer.Take() + Tail();
  }

  void Restore(const StoredCheckpoint& checkpoint) {
    checkpoint.Read("state.bin");
    std::vector<std::shared_ptr<const Segment>> segments;
    for (const FileRecord& record : checkpoint.manifest().segments) {
      const std::string bytes = checkpoint.ReadSegment(record);
      ByteReader reader(bytes);
      segments.push_back(memory_.LoadSegment(reader));
    }
    const std::string tail = checkpoint.Read("replay_tail");
    ByteReader reader(tail);
    memory_.Restore(reader, std::move(segments));
  }

 private:
  static std::vector<uint8_t> Frame(int64_t number) {
    return {static_cast<uint8_t>(number), static_cast<uint8_t>(number >> 8)};
  }
  std::string Tail() const {
    ByteWriter writer;
    memory_.SaveTail(writer);
    return writer.Take();
  }

  ReplayMemory memory_{
      {.buffer_size = 40, .frame_bytes = 2, .stack = 2, .segment_transitions = 10}};
};

}  // namespace dqnd
