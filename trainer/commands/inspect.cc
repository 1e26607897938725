#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <vector>

#include "trainer/checkpoint/checkpoint_store.h"
#include "trainer/checkpointing.h"
#include "trainer/commands/commands.h"

namespace dqnd {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

struct Found {
  fs::path run;
  std::vector<std::string> names;  // of checkpoints, newest first
};

// A run directory with its checkpoints, or the one checkpoint that is named.
Found Find(const fs::path& argument) {
  FileSystem& files = RealFileSystem();
  if (!files.Exists(argument)) {
    throw std::invalid_argument(argument.string() + " does not exist");
  }
  const fs::path path = fs::canonical(argument);
  if (files.Exists(path / "manifest.json")) {
    return {.run = path.parent_path().parent_path(), .names = {path.filename().string()}};
  }
  Found found{.run = path, .names = CheckpointStore::List(files, path)};
  if (found.names.empty()) {
    throw std::invalid_argument(argument.string() +
                                " is no run directory with a checkpoint, and no checkpoint folder");
  }
  return found;
}

uint64_t TotalBytes(const std::vector<FileRecord>& files) {
  uint64_t bytes = 0;
  for (const FileRecord& file : files) bytes += file.bytes;
  return bytes;
}

Json Describe(const StoredCheckpoint& checkpoint) {
  const Manifest& manifest = checkpoint.manifest();
  Json changes = Json::array();
  for (const ConfigChange& change : manifest.changes) {
    changes.push_back(fmt::format("env_step {}: {}", change.env_steps, change.what));
  }
  return {{"checkpoint", checkpoint.name()},
          {"env_steps", manifest.env_steps},
          {"updates", manifest.updates},
          {"complete", manifest.complete},
          {"elapsed_seconds", manifest.elapsed_seconds},
          {"saved_unix_seconds", manifest.saved_unix_seconds},
          {"program_version", manifest.program_version},
          {"processor", manifest.machine.processor},
          {"threads", manifest.machine.threads},
          {"libtorch", manifest.machine.libtorch},
          {"precision", manifest.machine.precision},
          {"files", manifest.files.size()},
          {"file_bytes", TotalBytes(manifest.files)},
          {"segments", manifest.segments.size()},
          {"segment_bytes", TotalBytes(manifest.segments)},
          {"changes", changes}};
}

// What is remembered, whatever files it lies in.
Json Digest(const StoredCheckpoint& checkpoint) {
  const ReplayMemory memory = RestoreReplay(checkpoint);
  Json digest = {{"replay", Hex(DigestOf(memory))}, {"transitions", memory.size()}};
  for (const FileRecord& file : checkpoint.manifest().files) {
    if (file.name.ends_with(".safetensors")) {
      digest[fs::path(file.name).stem().string()] = Hex(Xxh3(checkpoint.Read(file.name)));
    }
  }
  return digest;
}

Json Inspect(const fs::path& run, const std::string& name, bool with_digest) {
  try {
    const StoredCheckpoint checkpoint(RealFileSystem(), run, name);
    Json json = Describe(checkpoint);
    try {
      checkpoint.Verify();
      json["verifies"] = true;
      if (with_digest) json["digest"] = Digest(checkpoint);
    } catch (const std::runtime_error& error) {
      json["verifies"] = false;
      json["problem"] = error.what();
    }
    return json;
  } catch (const DamagedCheckpoint& error) {
    return {{"checkpoint", name}, {"verifies", false}, {"problem", error.what()}};
  }
}

void Print(const Json& json) {
  for (const auto& [key, value] : json.items()) {
    if (value.is_object()) {
      fmt::print("{}:\n", key);
      for (const auto& [inner, text] : value.items()) {
        fmt::print("  {:<20}{}\n", inner, text.is_string() ? text.get<std::string>() : text.dump());
      }
    } else {
      fmt::print("{:<22}{}\n", key, value.is_string() ? value.get<std::string>() : value.dump());
    }
  }
}

}  // namespace

int InspectCommand(const InspectArguments& arguments) {
  const Found found = Find(arguments.run_or_checkpoint);
  Json list = Json::array();
  bool all_verify = true;
  for (const std::string& name : found.names) {
    list.push_back(Inspect(found.run, name, /*with_digest=*/arguments.digest && list.empty()));
    all_verify &= list.back()["verifies"].get<bool>();
  }
  if (arguments.json) {
    fmt::print("{}\n", list.dump());
  } else {
    for (size_t i = 0; i < list.size(); ++i) {
      if (i > 0) fmt::print("\n");
      Print(list[i]);
    }
  }
  return all_verify ? kExitNo : kExitMayHelp;
}

}  // namespace dqnd
