#include "trainer/checkpointing.h"

#include <array>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <xxhash.h>

#include "trainer/network/safetensors.h"

namespace dqnd {
namespace {

constexpr const char* kStateFile = "state.bin";
constexpr const char* kReplayTailFile = "replay_tail";

std::string TensorFile(const std::string& name) {
  return name + ".safetensors";
}

// Runs `load` and puts the file's path before whatever it complains of.
template <typename Load>
void Named(const std::filesystem::path& path, Load load) {
  try {
    load();
  } catch (const std::runtime_error& error) {
    throw DamagedCheckpoint(fmt::format("{}: {}", path.string(), error.what()));
  }
}

void RequireEnd(const ByteReader& reader) {
  if (reader.remaining() > 0) throw std::runtime_error("it goes on after its end");
}

void RestoreReplay(const StoredCheckpoint& checkpoint, ReplayMemory& replay) {
  std::vector<std::shared_ptr<const Segment>> segments;
  for (const FileRecord& record : checkpoint.manifest().segments) {
    const std::string bytes = checkpoint.ReadSegment(record);
    Named(record.name, [&] {
      ByteReader reader(bytes);
      segments.push_back(replay.LoadSegment(reader));
      RequireEnd(reader);
    });
  }
  const std::string tail_bytes = checkpoint.Read(kReplayTailFile);
  Named(checkpoint.path() / kReplayTailFile, [&] {
    ByteReader reader(tail_bytes);
    replay.Restore(reader, std::move(segments));
    RequireEnd(reader);
  });
}

}  // namespace

CheckpointContent TakeCheckpoint(const Dqn& dqn, const LoopState& loop) {
  CheckpointContent content;
  content.manifest.env_steps = dqn.env_steps();
  content.manifest.updates = dqn.updates();
  for (const auto& [name, tensors] : dqn.learner().Tensors()) {
    content.files.emplace_back(
        TensorFile(name),
        EncodeSafetensors(tensors, {{"env_steps", std::to_string(dqn.env_steps())}}));
  }
  StateSections state;
  dqn.SaveState(state);
  loop.SaveState(state);
  content.files.emplace_back(kStateFile, state.Encode());
  ByteWriter tail;
  dqn.replay().SaveTail(tail);
  content.files.emplace_back(kReplayTailFile, tail.Take());
  content.segments.assign(dqn.replay().sealed_segments().begin(),
                          dqn.replay().sealed_segments().end());
  return content;
}

void RestoreCheckpoint(const StoredCheckpoint& checkpoint, Dqn& dqn, LoopState& loop) {
  for (const auto& [name, tensors] : dqn.learner().Tensors()) {
    const std::string file = TensorFile(name);
    DecodeSafetensors(checkpoint.Read(file), (checkpoint.path() / file).string(), tensors);
  }
  const std::string state_bytes = checkpoint.Read(kStateFile);
  Named(checkpoint.path() / kStateFile, [&] {
    const StateSections state = StateSections::Decode(state_bytes);
    dqn.LoadState(state);
    loop.LoadState(state);
  });
  RestoreReplay(checkpoint, dqn.replay());
}

ReplayMemory RestoreReplay(const StoredCheckpoint& checkpoint) {
  const std::string tail = checkpoint.Read(kReplayTailFile);
  ByteReader reader(tail);
  ReplayMemory replay(ReplayMemory::SavedOptions(reader));
  RestoreReplay(checkpoint, replay);
  return replay;
}

uint64_t DigestOf(const ReplayMemory& replay) {
  const std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> hash(XXH3_createState(),
                                                                      &XXH3_freeState);
  XXH3_64bits_reset(hash.get());
  const auto add = [&hash](const auto& values) {
    XXH3_64bits_update(hash.get(), values.data(), values.size() * sizeof(values[0]));
  };
  Batch batch;
  for (int64_t index = replay.appended() - replay.size(); index < replay.appended(); ++index) {
    replay.Fetch(std::array{index}, 1, batch);
    add(batch.actions);
    add(batch.rewards);
    add(batch.terminated);
    add(batch.states);
    add(batch.next_states);
  }
  return XXH3_64bits_digest(hash.get());
}

void LoopState::SaveState(StateSections& state) const {
  state.Add("loop", [this](ByteWriter& writer) {
    writer.I64(evaluations);
    writer.Bool(evaluation_due);
    writer.Bool(best.has_value());
    writer.I64(best ? best->env_steps : 0);
    writer.F64(best ? best->mean_return : 0);
  });
}

void LoopState::LoadState(const StateSections& state) {
  state.Get("loop", [this](ByteReader& reader) {
    evaluations = reader.I64();
    evaluation_due = reader.Bool();
    best.reset();
    const bool has_best = reader.Bool();
    const BestEvaluation saved{.env_steps = reader.I64(), .mean_return = reader.F64()};
    if (has_best) best = saved;
  });
}

}  // namespace dqnd
