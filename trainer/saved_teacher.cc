#include "trainer/saved_teacher.h"

#include <stdexcept>

#include <fmt/format.h>

namespace dqnd {
namespace {

namespace fs = std::filesystem;

fs::path FolderOf(const fs::path& run) {
  return run / "teacher";
}

bool IsKept(FileSystem& files, const fs::path& run, const std::string& teacher) {
  const fs::path from = FolderOf(run) / "from";
  return files.Exists(from) && files.Read(from) == teacher;
}

}  // namespace

SavedNetwork FindTeacher(FileSystem& files, const fs::path& run, const std::string& teacher) {
  return FindSavedNetwork(files, IsKept(files, run, teacher) ? FolderOf(run) / "network.safetensors"
                                                             : fs::path(teacher));
}

void KeepTeacher(FileSystem& files, const fs::path& run, const std::string& teacher,
                 const SavedNetwork& found) {
  if (IsKept(files, run, teacher)) return;
  const fs::path folder = FolderOf(run);
  files.CreateFolders(folder);
  WriteFileDurably(files, folder / "from", "");  // of nobody, until all is there
  WriteFileDurably(files, folder / kConfigFile, ToYaml(found.config));
  WriteFileDurably(files, folder / "network.safetensors", files.Read(found.file));
  WriteFileDurably(files, folder / "from", teacher);
  files.SyncFolder(run);
}

std::unique_ptr<Teacher> LoadTeacher(FileSystem& files, const SavedNetwork& found,
                                     const EnvironmentSpec& environment) {
  const std::string& its_game = found.config.environment.id;
  if (its_game != environment.id) {
    throw std::invalid_argument(
        fmt::format("train.teacher: {} has learned {}, and this run plays {}", found.file.string(),
                    its_game, environment.id));
  }
  NetworkSection options = found.config.network;
  options.actor = ActorKind::kNetwork;  // what it has learned, and not what its packed form rounds
  return std::make_unique<Teacher>(LoadNetwork(files, found.file, found.config, environment),
                                   options, environment.observation);
}

}  // namespace dqnd
