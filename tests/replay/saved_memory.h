#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "replay/replay_memory.h"

namespace dqnd {

// As a checkpoint would save it, in one piece: how many sealed segments, each of them, the tail.
inline std::string Saved(const ReplayMemory& memory) {
  ByteWriter writer;
  writer.U64(memory.sealed_segments().size());
  for (const auto& segment : memory.sealed_segments()) segment->Save(writer);
  memory.SaveTail(writer);
  return writer.Take();
}

inline void Load(ReplayMemory& memory, const std::string& bytes) {
  ByteReader reader(bytes);
  std::vector<std::shared_ptr<const Segment>> sealed;
  for (uint64_t left = reader.U64(); left > 0; --left) {
    sealed.push_back(memory.LoadSegment(reader));
  }
  memory.Restore(reader, std::move(sealed));
}

}  // namespace dqnd
