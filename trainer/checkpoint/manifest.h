#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_system.h"

namespace dqnd {

// A file that a checkpoint consists of.
struct FileRecord {
  std::string name;  // no folder in it
  uint64_t bytes = 0;
  uint64_t xxh3 = 0;  // XXH3-64 of the content

  friend bool operator==(const FileRecord&, const FileRecord&) = default;
};

// What bits may depend on, beside the configuration.
struct MachineRecord {
  std::string processor;  // model and vector extensions
  int64_t threads = 1;
  std::string libtorch;   // version
  std::string precision;  // "float32"

  friend bool operator==(const MachineRecord&, const MachineRecord&) = default;
};

// A change of result keys that the user allowed.
struct ConfigChange {
  int64_t env_steps = 0;  // where the run stood
  std::string what;       // "train.gamma: 0.99 here, 0.95 there"

  friend bool operator==(const ConfigChange&, const ConfigChange&) = default;
};

// The list of everything that a checkpoint consists of, written last: a checkpoint without a
// manifest was never finished. Names have no folder in them, so that a run directory may be moved.
struct Manifest {
  int64_t env_steps = 0;
  int64_t updates = 0;
  bool complete = false;       // nothing was left to do under the configuration of that time
  double elapsed_seconds = 0;  // of training, over all processes of the run
  int64_t saved_unix_seconds = 0;
  std::string program_version;
  MachineRecord machine;
  std::vector<FileRecord> files;     // in the checkpoint's own folder
  std::vector<FileRecord> segments;  // in replay/, oldest first
  std::vector<FileLength>
      metrics;  // how much of each, in the run folder, belongs to the run so far
  std::vector<ConfigChange> changes;

  friend bool operator==(const Manifest&, const Manifest&) = default;
};

// A checkpoint that is not what it was when it was written. The message names the file.
class DamagedCheckpoint : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// A checkpoint that a newer dqnd wrote: not damaged, and not to be passed over.
class NewerCheckpoint : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

// JSON whose last member, `xxh3`, is the XXH3-64 of every byte before the comma that separates it.
std::string EncodeManifest(const Manifest& manifest);

// Throws DamagedCheckpoint beginning with `source` (the file's path) when a byte was changed, a
// member is missing or of the wrong type, or a name leads out of its folder; NewerCheckpoint when
// the format is newer than this program's.
Manifest DecodeManifest(std::string_view text, const std::string& source);

// XXH3-64, and as 16 hexadecimal digits.
uint64_t Xxh3(std::string_view bytes);
std::string Hex(uint64_t value);

}  // namespace dqnd
