#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/file_system.h"
#include "replay/segment.h"
#include "trainer/checkpoint/manifest.h"

namespace dqnd {

// Everything of one checkpoint, copied from the run (or shared with it and immutable), so that it
// can be written while the run goes on.
struct CheckpointContent {
  Manifest manifest;  // but for `files` and `segments`, which are filled in as they are written
  std::vector<std::pair<std::string, std::string>> files;  // name and content
  std::vector<std::shared_ptr<const Segment>> segments;    // sealed, oldest first
  std::vector<std::string> growing_files;  // of manifest.metrics, those that must be synced first
};

// Which checkpoints stay. Operational: it changes no result.
struct Retention {
  int64_t keep_last = 3;   // the newest so many
  int64_t keep_every = 0;  // and those of the first checkpoint at or after each multiple; 0: none
};

// A checkpoint on disk whose manifest is whole. Its files are read, and checked, on demand: each
// method throws DamagedCheckpoint, naming the file, when it is missing, unreadable, or not what the
// manifest says.
class StoredCheckpoint {
 public:
  StoredCheckpoint(FileSystem& files, std::filesystem::path run, std::string name);

  const std::string& name() const { return name_; }  // of its folder
  std::filesystem::path path() const { return run_ / "checkpoints" / name_; }
  const Manifest& manifest() const { return manifest_; }

  std::string Read(std::string_view file) const;
  std::string ReadSegment(const FileRecord& segment) const;

  // Reads everything.
  void Verify() const;

 private:
  std::string ReadChecked(const std::filesystem::path& path, const FileRecord& record) const;

  FileSystem& files_;
  std::filesystem::path run_;
  std::string name_;
  Manifest manifest_;
};

// The checkpoints of one run directory:
//
//   checkpoints/000000250000/   manifest.json and the files that it names
//   replay/                     sealed segments, shared by the checkpoints that name them
//
// Every file is written under a temporary name, fsynced and renamed; the manifest comes last. A
// checkpoint never replaces another: where one of the same env_step exists, the next gets ".2" at
// the end of its name. Plain files only: no links, no mapping into memory. Not safe for use by
// several threads at once, but for the static and const ones.
class CheckpointStore {
 public:
  // REQUIRES: the run directory exists, and this process holds its lock.
  CheckpointStore(FileSystem& files, std::filesystem::path run, const Retention& retention);

  // Names of the folders that hold a manifest, newest first.
  static std::vector<std::string> List(FileSystem& files, const std::filesystem::path& run);

  // Removes what a process that was interrupted left: checkpoints without a manifest, segments
  // under temporary names.
  void RemoveUnfinished();

  // Hands the checkpoints to `restore`, newest first, until one passes: until `restore` returns
  // without throwing DamagedCheckpoint or std::runtime_error of its own. Returns that one; nothing
  // when there is no checkpoint at all. Calls `passed_over` with a sentence for each that did not
  // pass. Throws DamagedCheckpoint when there are some and none passes, NewerCheckpoint when the
  // one at hand is of a newer format.
  std::optional<StoredCheckpoint> RestoreNewest(
      const std::function<void(const StoredCheckpoint&)>& restore,
      const std::function<void(const std::string&)>& passed_over);

  // Writes a sealed segment, unless it is there already. Throws std::system_error.
  void SaveSegment(const Segment& segment);

  // Writes a checkpoint: the segments that are not there yet, the files, the manifest. When it
  // returns, the checkpoint would survive a power loss. Throws std::system_error; then there is no
  // such checkpoint, and a later call may succeed. Returns the bytes that were written.
  uint64_t Save(CheckpointContent content);

  // Removes the checkpoints that the retention does not keep, and the segments that no checkpoint
  // names any more. REQUIRES: the newest checkpoint names every segment that was saved before it
  // and is still needed. Throws std::system_error, and DamagedCheckpoint when a manifest that is
  // kept cannot be read; more than needed is then kept until the next call.
  void Prune();

 private:
  std::string FreeName(int64_t env_steps) const;
  void RemoveCheckpoint(const std::string& name);
  void RemoveQuietly(const std::string& name);
  std::set<std::string> Kept() const;

  FileSystem& files_;
  const std::filesystem::path run_;
  const Retention retention_;
  std::map<int64_t, FileRecord> segments_;  // on disk and sound, by first transition
  std::set<std::string> passed_over_;       // checkpoints that did not pass
};

}  // namespace dqnd
