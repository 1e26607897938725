#include "trainer/run_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "trainer/network/safetensors.h"

namespace dqnd {
namespace {

namespace fs = std::filesystem;

constexpr const char* kConfigFile = "config.yaml";
constexpr const char* kNetworkFile = "network.safetensors";
constexpr const char* kLockFile = ".lock";

// Zero-padded, so that names sort as numbers do.
std::string CheckpointName(int64_t env_steps) {
  return fmt::format("{:012}", env_steps);
}

// A folder that only this process's lock file is in counts as empty.
bool IsEmpty(FileSystem& files, const fs::path& folder) {
  const std::vector<std::string> names = files.List(folder);
  return std::ranges::all_of(names, [](const std::string& name) { return name == kLockFile; });
}

// The newest checkpoint folder that holds a network, or nothing.
std::optional<fs::path> LatestNetwork(FileSystem& files, const fs::path& run) {
  const fs::path checkpoints = run / "checkpoints";
  if (!files.Exists(checkpoints)) return std::nullopt;
  std::vector<std::string> names = files.List(checkpoints);
  for (auto name = names.rbegin(); name != names.rend(); ++name) {
    if (files.Exists(checkpoints / *name / kNetworkFile)) return checkpoints / *name / kNetworkFile;
  }
  return std::nullopt;
}

Config ReadConfig(FileSystem& files, const fs::path& run) {
  const fs::path path = run / kConfigFile;
  return ParseConfig(files.Read(path), path.string());
}

}  // namespace

RunDirectory::RunDirectory(FileSystem& files, const Config& config, OnExisting on_existing)
    : files_(files), path_(fs::path(config.run.directory) / config.run.name) {
  try {
    files_.CreateFolders(path_);
    Lock();
    if (!IsEmpty(files_, path_)) CheckExisting(config, on_existing);
    if (!complete_) WriteFileDurably(files_, path_ / kConfigFile, ToYaml(config));
  } catch (const std::system_error& error) {
    throw std::invalid_argument(
        fmt::format("run directory {} cannot be written: {}. Free some space, change its "
                    "permissions, or choose "
                    "another place with run.directory",
                    path_.string(), error.what()));
  }
}

RunDirectory::~RunDirectory() {
  if (lock_ >= 0) close(lock_);
}

void RunDirectory::Lock() {
  const fs::path path = path_ / kLockFile;
  const int lock = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (lock < 0) throw std::system_error(errno, std::generic_category(), path.string());
  if (flock(lock, LOCK_EX | LOCK_NB) != 0) {
    const int error = errno;
    close(lock);
    if (error != EWOULDBLOCK)
      throw std::system_error(error, std::generic_category(), path.string());
    throw RunDirectoryLocked(
        fmt::format("run directory {} is in use by another dqnd; stop that one, or give this run "
                    "another run.name",
                    path_.string()));
  }
  if (lock_ >= 0) close(lock_);
  lock_ = lock;
}

void RunDirectory::CheckExisting(const Config& config, OnExisting on_existing) {
  if (on_existing == OnExisting::kNew) return MoveAside();
  if (!files_.Exists(path_ / kConfigFile)) {
    throw std::invalid_argument(
        fmt::format("{} holds files, but no run ({} is missing); nothing was changed. Choose "
                    "another run.name, or "
                    "move it aside with --on-existing=new",
                    path_.string(), kConfigFile));
  }
  if (on_existing == OnExisting::kFail) {
    throw std::invalid_argument(fmt::format(
        "{} holds a run already; nothing was changed. Choose another run.name, or move the old one "
        "aside with --on-existing=new",
        path_.string()));
  }
  const Config there = ReadConfig(files_, path_);
  const std::vector<std::string> differences = DifferingResultKeys(config, there);
  if (!differences.empty()) {
    throw std::invalid_argument(
        fmt::format("{} holds another run; nothing was changed. It differs in {}. Choose another "
                    "run.name, or move "
                    "the old one aside with --on-existing=new",
                    path_.string(), fmt::join(differences, "; ")));
  }
  const fs::path last =
      path_ / "checkpoints" / CheckpointName(config.train.total_env_steps) / kNetworkFile;
  complete_ = files_.Exists(last);
  if (!complete_) {
    throw std::invalid_argument(fmt::format(
        "{} holds an unfinished run of this configuration, and this version cannot go on with one; "
        "nothing was changed. Choose another run.name, or move it aside with --on-existing=new",
        path_.string()));
  }
}

void RunDirectory::MoveAside() {
  fs::path aside;
  for (int number = 1; aside.empty() || files_.Exists(aside); ++number) {
    aside = fmt::format("{}.old{}", path_.string(), number);
  }
  files_.Rename(path_, aside);
  files_.SyncFolder(path_.parent_path());
  moved_aside_ = aside;
  files_.CreateFolders(path_);
  Lock();
}

void RunDirectory::SaveCheckpoint(int64_t env_steps, const Parameters& network) {
  const fs::path folder = path_ / "checkpoints" / CheckpointName(env_steps);
  files_.CreateFolders(folder);
  WriteFileDurably(files_, folder / kNetworkFile,
                   EncodeSafetensors(network, {{"env_steps", std::to_string(env_steps)}}));
}

void RunDirectory::SaveBest(int64_t env_steps, double mean_return, const Parameters& network) {
  files_.CreateFolders(path_ / "best");
  WriteFileDurably(files_, path_ / "best" / kNetworkFile,
                   EncodeSafetensors(network, {{"env_steps", std::to_string(env_steps)},
                                               {"mean_reward", fmt::format("{}", mean_return)}}));
}

std::optional<fs::path> RunDirectory::LatestCheckpoint() const {
  return LatestNetwork(files_, path_);
}

SavedNetwork FindSavedNetwork(FileSystem& files, const fs::path& run_or_checkpoint) {
  if (!files.Exists(run_or_checkpoint)) {
    throw std::invalid_argument(run_or_checkpoint.string() + " does not exist");
  }
  fs::path file;
  if (fs::is_directory(run_or_checkpoint)) {
    for (const fs::path& candidate :
         {run_or_checkpoint / kNetworkFile, run_or_checkpoint / "best" / kNetworkFile}) {
      if (file.empty() && files.Exists(candidate)) file = candidate;
    }
    if (file.empty()) file = LatestNetwork(files, run_or_checkpoint).value_or(fs::path());
  } else if (run_or_checkpoint.extension() == ".safetensors") {
    file = run_or_checkpoint;
  }
  if (file.empty()) {
    throw std::invalid_argument(
        run_or_checkpoint.string() +
        " is no run directory, checkpoint folder or .safetensors file with a "
        "saved network");
  }
  // The configuration lies in the run directory: the nearest folder above that has one.
  for (fs::path folder = fs::absolute(file).parent_path(); folder.has_relative_path();
       folder = folder.parent_path()) {
    if (files.Exists(folder / kConfigFile)) return {file, ReadConfig(files, folder)};
  }
  throw std::invalid_argument(
      fmt::format("{}: no {} lies above it, so its network is unknown; keep a "
                  "network in its run directory",
                  file.string(), kConfigFile));
}

}  // namespace dqnd
