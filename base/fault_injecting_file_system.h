#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_system.h"

namespace dqnd {

// A file system in memory that can be told to fail and to lose power, for tests of whatever writes
// files. It is stricter than any real one: a file keeps only what was synced, and a name (of a file
// or a folder) only when the folder that holds it was synced after the name was made.
//
// Relative and absolute paths share one root, which always exists. Safe for use by several threads
// at once. The files that it opened must not outlive it.
class FaultInjectingFileSystem : public FileSystem {
 public:
  enum class Operation {
    kCreate,
    kOpenForAppend,
    kAppend,
    kTruncate,
    kSync,
    kRead,
    kExists,
    kList,
    kCreateFolders,
    kRename,
    kRemove,
    kSyncFolder,
  };

  // What a failing operation does: it throws std::system_error with `error` (an errno value such as
  // ENOSPC) and changes nothing, except that of an Append the first `landing_bytes` are written.
  struct Fault {
    int error;
    size_t landing_bytes = 0;
  };

  FaultInjectingFileSystem();

  std::unique_ptr<WritableFile> Create(const std::filesystem::path& path) override;
  std::unique_ptr<WritableFile> OpenForAppend(const std::filesystem::path& path) override;
  std::string Read(const std::filesystem::path& path) override;
  bool Exists(const std::filesystem::path& path) override;
  std::vector<std::string> List(const std::filesystem::path& folder) override;
  void CreateFolders(const std::filesystem::path& folder) override;
  void Rename(const std::filesystem::path& from, const std::filesystem::path& to) override;
  void Remove(const std::filesystem::path& path) override;
  void SyncFolder(const std::filesystem::path& folder) override;

  // Lets `successes` more operations of any kind pass, then fails one, then lets all pass again.
  void FailAfter(int64_t successes, Fault fault);

  // The same, but fails every one from there on until Heal: the process dies, or the disk does.
  void FailAllAfter(int64_t successes, Fault fault);

  // Fails every operation of one kind until Heal.
  void FailEvery(Operation operation, Fault fault);

  // Lets operations of one kind begin and not end until Heal: a disk that does not answer.
  void Hang(Operation operation);

  // Forgets all faults.
  void Heal();

  // Back to what was synced. Files that are open now belong to a process that is gone: they fail
  // with EBADF from here on.
  void LosePower();

  // Operations so far, failed ones included: a test that fails the first, the second and so on
  // knows by it when it has been through all.
  int64_t operations() const;

 private:
  class OpenFile;

  // A file or a folder, apart from its name.
  struct Node {
    bool is_folder = false;
    std::string content, synced_content;                                   // files
    std::map<std::string, std::shared_ptr<Node>> entries, synced_entries;  // folders
  };
  struct Place {  // where a name stands or would stand
    Node& folder;
    std::string name;
  };

  // Counts one operation; the fault that strikes it, if one does. REQUIRES: mutex_ is held; it is
  // let go of while the operation hangs.
  std::optional<Fault> Count(Operation operation);
  // The same, but throws the fault.
  void Enter(Operation operation, std::string_view doing, const std::filesystem::path& path);

  std::shared_ptr<Node> Find(const std::filesystem::path& path) const;  // null when absent
  Node& FindFolder(const std::filesystem::path& path, std::string_view doing) const;
  Place FindPlace(const std::filesystem::path& path, std::string_view doing) const;
  std::unique_ptr<WritableFile> Open(const std::filesystem::path& path, bool empty);
  static void GoBackToSynced(Node& node);

  mutable std::mutex mutex_;
  // Guarded by mutex_, and so is all that hangs on root_.
  std::shared_ptr<Node> root_;
  std::optional<Fault> next_fault_;
  int64_t successes_before_fault_ = 0;
  bool next_fault_stays_ = false;
  std::map<Operation, Fault> faults_by_operation_;
  std::set<Operation> hanging_;
  std::condition_variable_any healed_;
  int64_t operations_ = 0;
  int64_t power_losses_ = 0;
};

}  // namespace dqnd
