#pragma once

#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>

#include "base/file_system.h"
#include "trainer/config/config.h"
#include "trainer/network/parameters.h"

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

// The folder that holds everything of one run:
//
//   config.yaml                          the resolved configuration
//   checkpoints/000000250000/network.safetensors
//   best/network.safetensors             the parameters with the best evaluation
//   events.out.tfevents.*, progress.csv, evaluations.csv, dqnd.log
//
// While an object lives, its process holds the folder's lock.
class RunDirectory {
 public:
  // Opens DIRECTORY/NAME of config.run and writes config.yaml. Throws std::invalid_argument when
  // the folder cannot be created or written, or holds something that `on_existing` forbids (nothing
  // is changed then), and RunDirectoryLocked.
  RunDirectory(FileSystem& files, const Config& config, OnExisting on_existing);
  ~RunDirectory();
  RunDirectory(const RunDirectory&) = delete;
  RunDirectory& operator=(const RunDirectory&) = delete;

  const std::filesystem::path& path() const { return path_; }

  // The run reached its total_env_steps in an earlier process; there is nothing left to train.
  bool complete() const { return complete_; }

  // Where a folder moved by OnExisting::kNew now lies.
  const std::optional<std::filesystem::path>& moved_aside() const { return moved_aside_; }

  // Saves the network that acted after `env_steps`, durably. Throws std::system_error.
  void SaveCheckpoint(int64_t env_steps, const Parameters& network);
  void SaveBest(int64_t env_steps, double mean_return, const Parameters& network);

  // The newest checkpoint's network file, where there is one.
  std::optional<std::filesystem::path> LatestCheckpoint() const;

 private:
  void Lock();
  void CheckExisting(const Config& config, OnExisting on_existing);
  void MoveAside();

  FileSystem& files_;
  std::filesystem::path path_;
  std::optional<std::filesystem::path> moved_aside_;
  bool complete_ = false;
  int lock_ = -1;  // file descriptor
};

// The network file that an argument RUN_OR_CHECKPOINT names: a run directory (its best
// evaluation's, else its newest), a checkpoint folder, or a .safetensors file; and the
// configuration it was trained with. Throws std::invalid_argument when it is none of these.
struct SavedNetwork {
  std::filesystem::path file;
  Config config;
};
SavedNetwork FindSavedNetwork(FileSystem& files, const std::filesystem::path& run_or_checkpoint);

}  // namespace dqnd
