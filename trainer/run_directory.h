#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_system.h"
#include "trainer/config/config.h"
#include "trainer/network/q_network.h"

namespace dqnd {

// What to do when the run directory holds a run already (--on-existing).
enum class OnExisting {
  kResume,  // go on with the same run; another run is an error
  kNew,     // move the old one aside, nothing is deleted, and begin
  kFail,    // an error
};

// Another process works in the run directory. Exit status 75: try again later.
class RunDirectoryLocked : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Keeps other processes out of a folder while it lives, in other containers too: flock(2) on a file
// in it, which the system lets go of when the process ends, however it ends.
class FolderLock {
 public:
  // Throws RunDirectoryLocked, and std::system_error when the file cannot be made.
  explicit FolderLock(const std::filesystem::path& folder);
  ~FolderLock();

  // Whether somebody holds the folder's lock now; does not wait, and makes no file.
  static bool IsHeld(const std::filesystem::path& folder);

  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

  // False where the file system has no locks: nobody is kept out.
  bool holds() const { return holds_; }

 private:
  int file_ = -1;  // descriptor
  bool holds_ = true;
};

// The folder that holds everything of one run:
//
//   config.yaml                the resolved configuration
//   checkpoints/, replay/      all that the run needs to go on (checkpoint_store.h)
//   best/network.safetensors   the parameters with the best evaluation
//   teacher/                   the network that the run learns from, with its config.yaml
//   events.out.tfevents.*, progress.csv, evaluations.csv, dqnd.log
//
// While an object lives, its process holds the folder's lock.
class RunDirectory {
 public:
  struct Options {
    OnExisting on_existing = OnExisting::kResume;
    bool allow_changes = false;  // of result keys
  };

  // Opens DIRECTORY/NAME of config.run and writes config.yaml. Throws std::invalid_argument when
  // the folder cannot be created or written, holds something that the options forbid, or a link in
  // it leads out of it (nothing is changed then), and RunDirectoryLocked.
  RunDirectory(FileSystem& files, const Config& config, const Options& options);

  const std::filesystem::path& path() const { return path_; }

  // Where a folder moved by OnExisting::kNew now lies.
  const std::optional<std::filesystem::path>& moved_aside() const { return moved_aside_; }

  // Whether other processes are kept out.
  bool locked() const { return lock_->holds(); }

  // Result keys in which the run's earlier configuration differs, which Options allowed.
  const std::vector<std::string>& changes() const { return changes_; }

 private:
  void CheckExisting(const Config& config, const Options& options);
  void MoveAside();

  FileSystem& files_;
  std::filesystem::path path_;
  std::optional<std::filesystem::path> moved_aside_;
  std::vector<std::string> changes_;
  std::unique_ptr<FolderLock> lock_;
};

// Where a run of that configuration lies: DIRECTORY/NAME.
std::filesystem::path RunPath(const Config& config);

// The configuration with which the run there went on last; nothing when there is none.
std::optional<Config> StoredConfig(FileSystem& files, const std::filesystem::path& run);

// The name of the configuration in a run directory and in a checkpoint.
inline constexpr const char* kConfigFile = "config.yaml";

// Where the best evaluation's parameters and its recorded episodes lie.
inline constexpr const char* kBestFolder = "best";
inline constexpr const char* kRecordingFile = "episodes.dqnrec";

// The content of best/network.safetensors, and what writes it, durably. Throws std::system_error.
std::string EncodeBest(int64_t env_steps, double mean_return, const Parameters& network);
void SaveBest(FileSystem& files, const std::filesystem::path& run, std::string_view content);

// The network file that an argument RUN_OR_CHECKPOINT names: a run directory (its best
// evaluation's, else its newest), a checkpoint folder, or a .safetensors file. Throws
// std::invalid_argument when it is none of these.
std::filesystem::path FindNetworkFile(FileSystem& files,
                                      const std::filesystem::path& run_or_checkpoint);

// The configuration that a network file was trained with, which lies in a folder above; nothing
// where there is none.
std::optional<Config> ConfigAbove(FileSystem& files, const std::filesystem::path& file);

// FindNetworkFile with that configuration. Throws std::invalid_argument where there is none.
struct SavedNetwork {
  std::filesystem::path file;
  Config config;
};
SavedNetwork FindSavedNetwork(FileSystem& files, const std::filesystem::path& run_or_checkpoint);

// Makes the network of `config` and fills it from `file`. Throws std::runtime_error beginning with
// the file's name when it holds another one.
QNetwork LoadNetwork(FileSystem& files, const std::filesystem::path& file, const Config& config,
                     const EnvironmentSpec& environment);

}  // namespace dqnd
