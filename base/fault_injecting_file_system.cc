#include "base/fault_injecting_file_system.h"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <system_error>
#include <utility>

namespace dqnd {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void Fail(int error, std::string_view doing, const fs::path& path) {
  throw std::system_error(std::error_code(error, std::generic_category()),
                          "cannot " + std::string(doing) + " " + path.string());
}

// The names from the root down to `path`; none for the root itself.
std::vector<std::string> Components(const fs::path& path) {
  std::vector<std::string> names;
  for (const fs::path& name : path.lexically_normal().relative_path()) {
    if (!name.empty() && name != ".") names.push_back(name.string());
  }
  return names;
}

}  // namespace

class FaultInjectingFileSystem::OpenFile : public WritableFile {
 public:
  OpenFile(FaultInjectingFileSystem& files, std::shared_ptr<Node> node, fs::path path)
      : files_(files),
        node_(std::move(node)),
        path_(std::move(path)),
        power_losses_(files.power_losses_) {}

  void Append(std::string_view data) override {
    const std::lock_guard lock(files_.mutex_);
    RequirePower("write");
    if (const std::optional<Fault> fault = files_.Count(Operation::kAppend)) {
      node_->content += data.substr(0, fault->landing_bytes);
      Fail(fault->error, "write", path_);
    }
    node_->content += data;
  }

  uint64_t size() const override {
    const std::lock_guard lock(files_.mutex_);
    return node_->content.size();
  }

  void Truncate(uint64_t size) override {
    const std::lock_guard lock(files_.mutex_);
    RequirePower("truncate");
    files_.Enter(Operation::kTruncate, "truncate", path_);
    assert(size <= node_->content.size());
    node_->content.resize(size);
  }

  void Sync() override {
    const std::lock_guard lock(files_.mutex_);
    RequirePower("sync");
    files_.Enter(Operation::kSync, "sync", path_);
    node_->synced_content = node_->content;
  }

 private:
  void RequirePower(std::string_view doing) const {
    if (files_.power_losses_ != power_losses_) Fail(EBADF, doing, path_);
  }

  FaultInjectingFileSystem& files_;
  const std::shared_ptr<Node> node_;
  const fs::path path_;
  const int64_t power_losses_;
};

FaultInjectingFileSystem::FaultInjectingFileSystem() : root_(std::make_shared<Node>()) {
  root_->is_folder = true;
}

std::unique_ptr<WritableFile> FaultInjectingFileSystem::Create(const fs::path& path) {
  const std::lock_guard lock(mutex_);
  Enter(Operation::kCreate, "open", path);
  return Open(path, /*empty=*/true);
}

std::unique_ptr<WritableFile> FaultInjectingFileSystem::OpenForAppend(const fs::path& path) {
  const std::lock_guard lock(mutex_);
  Enter(Operation::kOpenForAppend, "open", path);
  return Open(path, /*empty=*/false);
}

std::string FaultInjectingFileSystem::Read(const fs::path& path) {
  const std::lock_guard lock(mutex_);
  Enter(Operation::kRead, "read", path);
  const std::shared_ptr<Node> node = Find(path);
  if (node == nullptr) Fail(ENOENT, "read", path);
  if (node->is_folder) Fail(EISDIR, "read", path);
  return node->content;
}

bool FaultInjectingFileSystem::Exists(const fs::path& path) {
  const std::lock_guard lock(mutex_);
  Enter(Operation::kExists, "look for", path);
  return Find(path) != nullptr;
}

std::vector<std::string> FaultInjectingFileSystem::List(const fs::path& folder) {
  const std::lock_guard lock(mutex_);
  Enter(Operation::kList, "list", folder);
  std::vector<std::string> names;
  for (const auto& [name, node] : FindFolder(folder, "list").entries) names.push_back(name);
  return names;
}

void FaultInjectingFileSystem::CreateFolders(const fs::path& folder) {
  const std::lock_guard lock(mutex_);
  Enter(Operation::kCreateFolders, "create folder", folder);
  Node* above = root_.get();
  for (const std::string& name : Components(folder)) {
    std::shared_ptr<Node>& entry = above->entries[name];
    if (entry == nullptr) {
      entry = std::make_shared<Node>();
      entry->is_folder = true;
    }
    if (!entry->is_folder) Fail(ENOTDIR, "create folder", folder);
    above = entry.get();
  }
}

void FaultInjectingFileSystem::Rename(const fs::path& from, const fs::path& to) {
  const std::lock_guard lock(mutex_);
  Enter(Operation::kRename, "rename " + from.string() + " to", to);
  const Place source = FindPlace(from, "rename");
  const Place target = FindPlace(to, "rename " + from.string() + " to");
  const std::shared_ptr<Node> moved = Find(from);
  const std::shared_ptr<Node> replaced = Find(to);
  if (moved == nullptr) Fail(ENOENT, "rename", from);
  if (moved == replaced) return;
  if (replaced != nullptr) {
    if (moved->is_folder && !replaced->is_folder) Fail(ENOTDIR, "rename", from);
    if (!moved->is_folder && replaced->is_folder) Fail(EISDIR, "rename", from);
    if (!replaced->entries.empty()) Fail(ENOTEMPTY, "rename", from);
  }
  target.folder.entries[target.name] = moved;
  source.folder.entries.erase(source.name);
}

void FaultInjectingFileSystem::Remove(const fs::path& path) {
  const std::lock_guard lock(mutex_);
  Enter(Operation::kRemove, "remove", path);
  const Place place = FindPlace(path, "remove");
  const std::shared_ptr<Node> node = Find(path);
  if (node == nullptr) Fail(ENOENT, "remove", path);
  if (!node->entries.empty()) Fail(ENOTEMPTY, "remove", path);
  place.folder.entries.erase(place.name);
}

void FaultInjectingFileSystem::SyncFolder(const fs::path& folder) {
  const std::lock_guard lock(mutex_);
  Enter(Operation::kSyncFolder, "sync folder", folder);
  Node& node = FindFolder(folder, "sync folder");
  node.synced_entries = node.entries;
}

void FaultInjectingFileSystem::FailAfter(int64_t successes, Fault fault) {
  const std::lock_guard lock(mutex_);
  next_fault_ = fault;
  next_fault_stays_ = false;
  successes_before_fault_ = successes;
}

void FaultInjectingFileSystem::FailAllAfter(int64_t successes, Fault fault) {
  FailAfter(successes, fault);
  const std::lock_guard lock(mutex_);
  next_fault_stays_ = true;
}

void FaultInjectingFileSystem::FailEvery(Operation operation, Fault fault) {
  const std::lock_guard lock(mutex_);
  faults_by_operation_.insert_or_assign(operation, fault);
}

void FaultInjectingFileSystem::Heal() {
  const std::lock_guard lock(mutex_);
  next_fault_.reset();
  faults_by_operation_.clear();
  hanging_.clear();
  healed_.notify_all();
}

void FaultInjectingFileSystem::Hang(Operation operation) {
  const std::lock_guard lock(mutex_);
  hanging_.insert(operation);
}

void FaultInjectingFileSystem::LosePower() {
  const std::lock_guard lock(mutex_);
  ++power_losses_;
  GoBackToSynced(*root_);
}

int64_t FaultInjectingFileSystem::operations() const {
  const std::lock_guard lock(mutex_);
  return operations_;
}

std::optional<FaultInjectingFileSystem::Fault> FaultInjectingFileSystem::Count(
    Operation operation) {
  ++operations_;
  healed_.wait(mutex_, [&] { return !hanging_.contains(operation); });
  if (next_fault_.has_value() && successes_before_fault_-- <= 0) {
    return next_fault_stays_ ? next_fault_ : std::exchange(next_fault_, std::nullopt);
  }
  const auto fault = faults_by_operation_.find(operation);
  return fault == faults_by_operation_.end() ? std::nullopt : std::optional(fault->second);
}

void FaultInjectingFileSystem::Enter(Operation operation, std::string_view doing,
                                     const fs::path& path) {
  if (const std::optional<Fault> fault = Count(operation)) Fail(fault->error, doing, path);
}

std::shared_ptr<FaultInjectingFileSystem::Node> FaultInjectingFileSystem::Find(
    const fs::path& path) const {
  std::shared_ptr<Node> node = root_;
  for (const std::string& name : Components(path)) {
    const auto entry = node->entries.find(name);
    if (entry == node->entries.end()) return nullptr;
    node = entry->second;
  }
  return node;
}

FaultInjectingFileSystem::Node& FaultInjectingFileSystem::FindFolder(const fs::path& path,
                                                                     std::string_view doing) const {
  const std::shared_ptr<Node> node = Find(path);
  if (node == nullptr) Fail(ENOENT, doing, path);
  if (!node->is_folder) Fail(ENOTDIR, doing, path);
  return *node;
}

FaultInjectingFileSystem::Place FaultInjectingFileSystem::FindPlace(const fs::path& path,
                                                                    std::string_view doing) const {
  const std::vector<std::string> names = Components(path);
  if (names.empty()) Fail(EBUSY, doing, path);  // the root cannot be replaced or removed
  Node* folder = root_.get();
  for (size_t i = 0; i + 1 < names.size(); ++i) {
    const auto entry = folder->entries.find(names[i]);
    if (entry == folder->entries.end()) Fail(ENOENT, doing, path);
    folder = entry->second.get();
    if (!folder->is_folder) Fail(ENOTDIR, doing, path);
  }
  return {*folder, names.back()};
}

std::unique_ptr<WritableFile> FaultInjectingFileSystem::Open(const fs::path& path, bool empty) {
  const Place place = FindPlace(path, "open");
  std::shared_ptr<Node>& node = place.folder.entries[place.name];
  if (node == nullptr) node = std::make_shared<Node>();
  if (node->is_folder) Fail(EISDIR, "open", path);
  if (empty) node->content.clear();
  return std::make_unique<OpenFile>(*this, node, path);
}

void FaultInjectingFileSystem::GoBackToSynced(Node& node) {
  node.content = node.synced_content;
  node.entries = node.synced_entries;
  for (const auto& [name, entry] : node.entries) GoBackToSynced(*entry);
}

}  // namespace dqnd
