#include "trainer/run_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "trainer/checkpoint/checkpoint_store.h"
#include "trainer/metrics/run_log.h"
#include "trainer/network/safetensors.h"

namespace dqnd {
namespace {

namespace fs = std::filesystem;

constexpr const char* kNetworkFile = "network.safetensors";
constexpr const char* kLockFile = ".lock";

// Whether a folder has nothing in it but this process's lock, or what is left of a run that came no
// further than its log: its games could not be had, say.
bool IsFree(FileSystem& files, const fs::path& folder) {
  std::vector<std::string> names = files.List(folder);
  std::erase(names, kLockFile);
  std::ranges::sort(names);
  return names.empty() || names == std::vector<std::string>{kConfigFile, kLogFile};
}

Config ReadConfig(FileSystem& files, const fs::path& run) {
  const fs::path path = run / kConfigFile;
  return ParseConfig(files.Read(path), path.string());
}

// A run directory may come from anywhere; nothing in it may make us read or write elsewhere.
void RefuseLinksOutward(const fs::path& run) {
  const fs::path home = fs::canonical(run);
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(run)) {
    if (!entry.is_symlink()) continue;
    const fs::path target = fs::weakly_canonical(entry.path());
    const auto [rest_of_home, rest] = std::ranges::mismatch(home, target);
    if (rest_of_home == home.end()) continue;
    throw std::invalid_argument(
        fmt::format("{} is a link to {}, out of the run directory; nothing was changed. Put the "
                    "file itself there, or remove the link",
                    entry.path().string(), target.string()));
  }
}

// What to do about a run directory that cannot be written.
std::string AdviceFor(const std::system_error& error, const fs::path& run) {
  fs::path folder = fs::absolute(run);  // the innermost that exists
  while (folder.has_relative_path() && !fs::exists(folder)) folder = folder.parent_path();
  for (const fs::path& path : {folder, folder / kLockFile, folder / kConfigFile}) {
    struct stat found{};
    if (error.code() != std::errc::permission_denied || ::stat(path.c_str(), &found) != 0 ||
        found.st_uid == ::geteuid()) {
      continue;
    }
    return fmt::format(
        "{} belongs to user {}, and this program runs as user {}: chown -R {} {} (podman's "
        "--volume NAME:PATH:U does that), or choose another place with run.directory",
        path.string(), found.st_uid, ::geteuid(), ::geteuid(), folder.string());
  }
  return "Free some space, change its permissions, or choose another place with run.directory";
}

}  // namespace

fs::path RunPath(const Config& config) {
  return fs::path(config.run.directory) / config.run.name;
}

std::optional<Config> StoredConfig(FileSystem& files, const fs::path& run) {
  if (!files.Exists(run / kConfigFile)) return std::nullopt;
  // A newer program's configuration may have keys that this one does not know; its checkpoint says
  // so better.
  const std::vector<std::string> checkpoints = CheckpointStore::List(files, run);
  try {
    if (!checkpoints.empty()) const StoredCheckpoint newest(files, run, checkpoints.front());
  } catch (const DamagedCheckpoint&) {  // NOLINT(bugprone-empty-catch)
    // Restoring will say what is wrong.
  }
  return ReadConfig(files, run);
}

RunDirectory::RunDirectory(FileSystem& files, const Config& config, const Options& options)
    : files_(files), path_(RunPath(config)) {
  try {
    files_.CreateFolders(path_);
    const fs::path parent = path_.parent_path();
    files_.SyncFolder(parent);
    files_.SyncFolder(parent.has_parent_path() ? parent.parent_path() : fs::path("."));
    lock_ = std::make_unique<FolderLock>(path_);
    RefuseLinksOutward(path_);
    if (!IsFree(files_, path_)) CheckExisting(config, options);
    WriteFileDurably(files_, path_ / kConfigFile, ToYaml(config));
  } catch (const std::system_error& error) {
    throw std::invalid_argument(fmt::format("run directory {} cannot be written: {}. {}",
                                            path_.string(), error.what(), AdviceFor(error, path_)));
  }
}

FolderLock::FolderLock(const fs::path& folder) {
  const fs::path path = folder / kLockFile;
  file_ = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
  if (file_ < 0) throw std::system_error(errno, std::generic_category(), path.string());
  if (flock(file_, LOCK_EX | LOCK_NB) == 0) return;
  const int error = errno;
  // Some network file systems have no locks; a run there is better than none.
  holds_ = error != ENOLCK && error != EOPNOTSUPP && error != ENOSYS;
  if (!holds_) return;
  close(file_);
  if (error != EWOULDBLOCK) throw std::system_error(error, std::generic_category(), path.string());
  throw RunDirectoryLocked(
      fmt::format("run directory {} is in use by another dqnd; stop that one, or give this run "
                  "another run.name",
                  folder.string()));
}

FolderLock::~FolderLock() {
  if (file_ >= 0) close(file_);
}

bool FolderLock::IsHeld(const fs::path& folder) {
  const int file = open((folder / kLockFile).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (file < 0) return false;
  // Shared, so that two that ask at once do not take each other for the holder.
  const bool held = flock(file, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  close(file);
  return held;
}

void RunDirectory::CheckExisting(const Config& config, const Options& options) {
  if (options.on_existing == OnExisting::kNew) return MoveAside();
  const std::optional<Config> there = StoredConfig(files_, path_);
  if (!there) {
    throw std::invalid_argument(
        fmt::format("{} holds files, but no run ({} is missing); nothing was changed. Choose "
                    "another run.name, or move it aside with --on-existing=new",
                    path_.string(), kConfigFile));
  }
  if (options.on_existing == OnExisting::kFail) {
    throw std::invalid_argument(fmt::format(
        "{} holds a run already; nothing was changed. Choose another run.name, or move the old one "
        "aside with --on-existing=new",
        path_.string()));
  }
  changes_ = DifferingResultKeys(config, *there);
  if (!changes_.empty() && !options.allow_changes) {
    throw std::invalid_argument(fmt::format(
        "{} holds another run; nothing was changed. It differs in {}. Choose another "
        "run.name, move the old one aside with --on-existing=new, or go on with the new "
        "values with --allow-changes",
        path_.string(), fmt::join(changes_, "; ")));
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
  lock_ = std::make_unique<FolderLock>(path_);
}

std::string EncodeBest(int64_t env_steps, double mean_return, const Parameters& network) {
  return EncodeSafetensors(network.entries(), {{"env_steps", std::to_string(env_steps)},
                                               {"mean_reward", fmt::format("{}", mean_return)}});
}

void SaveBest(FileSystem& files, const fs::path& run, std::string_view content) {
  files.CreateFolders(run / kBestFolder);
  WriteFileDurably(files, run / kBestFolder / kNetworkFile, content);
}

fs::path FindNetworkFile(FileSystem& files, const fs::path& run_or_checkpoint) {
  if (!files.Exists(run_or_checkpoint)) {
    throw std::invalid_argument(run_or_checkpoint.string() + " does not exist");
  }
  fs::path file;
  if (fs::is_directory(run_or_checkpoint)) {
    for (const fs::path& candidate :
         {run_or_checkpoint / kNetworkFile, run_or_checkpoint / kBestFolder / kNetworkFile}) {
      if (file.empty() && files.Exists(candidate)) file = candidate;
    }
    const std::vector<std::string> checkpoints = CheckpointStore::List(files, run_or_checkpoint);
    if (file.empty() && !checkpoints.empty()) {
      file = run_or_checkpoint / "checkpoints" / checkpoints.front() / kNetworkFile;
    }
  } else if (run_or_checkpoint.extension() == ".safetensors") {
    file = run_or_checkpoint;
  }
  if (file.empty()) {
    throw std::invalid_argument(
        run_or_checkpoint.string() +
        " is no run directory, checkpoint folder or .safetensors file with a "
        "saved network");
  }
  return file;
}

std::optional<Config> ConfigAbove(FileSystem& files, const fs::path& file) {
  // It lies in the checkpoint or in the run directory: the nearest folder above that has one.
  for (fs::path folder = fs::absolute(file).parent_path(); folder.has_relative_path();
       folder = folder.parent_path()) {
    if (files.Exists(folder / kConfigFile)) return ReadConfig(files, folder);
  }
  return std::nullopt;
}

SavedNetwork FindSavedNetwork(FileSystem& files, const fs::path& run_or_checkpoint) {
  const fs::path file = FindNetworkFile(files, run_or_checkpoint);
  if (const std::optional<Config> config = ConfigAbove(files, file)) return {file, *config};
  throw std::invalid_argument(
      fmt::format("{}: no {} lies above it, so its network is unknown; keep a "
                  "network in its run directory",
                  file.string(), kConfigFile));
}

QNetwork LoadNetwork(FileSystem& files, const fs::path& file, const Config& config,
                     const EnvironmentSpec& environment) {
  RandomStream overwritten(0, "init");
  QNetwork network(config.network, environment.observation, environment.num_actions(), overwritten);
  DecodeSafetensors(files.Read(file), file.string(), network.parameters().entries());
  return network;
}

}  // namespace dqnd
