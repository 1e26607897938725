#include "base/file_system.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>

namespace dqnd {
namespace {

namespace fs = std::filesystem;

// Throws for a call that just failed: "cannot `doing` PATH: reason".
[[noreturn]] void Fail(std::error_code error, const std::string& doing, const fs::path& path) {
  throw std::system_error(error, "cannot " + doing + " " + path.string());
}

[[noreturn]] void FailErrno(const std::string& doing, const fs::path& path) {
  Fail(std::error_code(errno, std::generic_category()), doing, path);
}

// Calls again for as long as a signal interrupts.
template <typename Call>
auto Uninterrupted(Call call) {
  decltype(call()) result;
  do {
    result = call();
  } while (result < 0 && errno == EINTR);
  return result;
}

class FileDescriptor {
 public:
  FileDescriptor(const fs::path& path, int flags, const std::string& doing)
      : value_(Uninterrupted([&] { return open(path.c_str(), flags | O_CLOEXEC, 0666); })) {
    if (value_ < 0) FailErrno(doing, path);
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  ~FileDescriptor() { close(value_); }

  int value() const { return value_; }

 private:
  const int value_;
};

class PosixWritableFile : public WritableFile {
 public:
  // O_APPEND in every case, so that appending goes on at the end after Truncate.
  PosixWritableFile(fs::path path, int flags)
      : path_(std::move(path)), file_(path_, O_WRONLY | O_CREAT | O_APPEND | flags, "open") {
    struct stat status;
    if (fstat(file_.value(), &status) != 0) FailErrno("open", path_);
    size_ = static_cast<uint64_t>(status.st_size);
  }

  void Append(std::string_view data) override {
    while (!data.empty()) {
      const ssize_t written =
          Uninterrupted([&] { return write(file_.value(), data.data(), data.size()); });
      if (written < 0) FailErrno("write", path_);
      data.remove_prefix(static_cast<size_t>(written));
      size_ += static_cast<uint64_t>(written);
    }
  }

  uint64_t size() const override { return size_; }

  void Truncate(uint64_t size) override {
    if (Uninterrupted([&] { return ftruncate(file_.value(), static_cast<off_t>(size)); }) != 0) {
      FailErrno("truncate", path_);
    }
    size_ = size;
  }

  void Sync() override {
    if (Uninterrupted([&] { return fsync(file_.value()); }) != 0) FailErrno("sync", path_);
  }

 private:
  const fs::path path_;
  const FileDescriptor file_;
  uint64_t size_ = 0;
};

class PosixFileSystem : public FileSystem {
 public:
  std::unique_ptr<WritableFile> Create(const fs::path& path) override {
    return std::make_unique<PosixWritableFile>(path, O_TRUNC);
  }

  std::unique_ptr<WritableFile> OpenForAppend(const fs::path& path) override {
    return std::make_unique<PosixWritableFile>(path, 0);
  }

  std::string Read(const fs::path& path) override {
    const FileDescriptor file(path, O_RDONLY, "read");
    std::string content;
    std::array<char, 1 << 16> block;
    while (true) {
      const ssize_t count =
          Uninterrupted([&] { return read(file.value(), block.data(), block.size()); });
      if (count < 0) FailErrno("read", path);
      if (count == 0) return content;
      content.append(block.data(), static_cast<size_t>(count));
    }
  }

  bool Exists(const fs::path& path) override {
    std::error_code error;
    const bool exists = fs::exists(path, error);
    if (error) Fail(error, "look for", path);
    return exists;
  }

  std::vector<std::string> List(const fs::path& folder) override {
    std::error_code error;
    std::vector<std::string> names;
    fs::directory_iterator entry(folder, error);
    while (!error && entry != fs::directory_iterator()) {
      names.push_back(entry->path().filename().string());
      entry.increment(error);
    }
    if (error) Fail(error, "list", folder);
    std::sort(names.begin(), names.end());
    return names;
  }

  void CreateFolders(const fs::path& folder) override {
    std::error_code error;
    fs::create_directories(folder, error);
    if (error) Fail(error, "create folder", folder);
  }

  void Rename(const fs::path& from, const fs::path& to) override {
    if (rename(from.c_str(), to.c_str()) != 0) {
      FailErrno("rename " + from.string() + " to", to);
    }
  }

  void Remove(const fs::path& path) override {
    if (remove(path.c_str()) != 0) FailErrno("remove", path);
  }

  void SyncFolder(const fs::path& folder) override {
    const FileDescriptor file(folder, O_RDONLY | O_DIRECTORY, "sync folder");
    if (Uninterrupted([&] { return fsync(file.value()); }) == 0) return;
    // Some network file systems have no fsync for folders: names are as durable there as they get.
    if (errno != EINVAL) FailErrno("sync folder", folder);
  }
};

// Gives up what is left of a write that failed; the error that led here is the one that counts.
void RemoveQuietly(FileSystem& files, const fs::path& path) {
  try {
    files.Remove(path);
  } catch (const std::system_error&) {  // NOLINT(bugprone-empty-catch)
    // Never created, or the disk is beyond help.
  }
}

}  // namespace

FileSystem& RealFileSystem() {
  static PosixFileSystem files;
  return files;
}

void WriteFileAtomically(FileSystem& files, const fs::path& path, std::string_view content) {
  fs::path temporary = path;
  temporary += kTemporarySuffix;
  try {
    std::unique_ptr<WritableFile> file = files.Create(temporary);
    file->Append(content);
    file->Sync();
    file.reset();
    files.Rename(temporary, path);
  } catch (const std::system_error&) {
    RemoveQuietly(files, temporary);
    throw;
  }
}

void WriteFileDurably(FileSystem& files, const fs::path& path, std::string_view content) {
  WriteFileAtomically(files, path, content);
  files.SyncFolder(path.has_parent_path() ? path.parent_path() : fs::path("."));
}

}  // namespace dqnd
