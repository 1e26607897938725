#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace dqnd {

// A file open for appending. Owned by one thread at a time. Every method throws std::system_error
// with the path in its message when the system refuses; the file may then hold a part of the data.
class WritableFile {
 public:
  virtual ~WritableFile() = default;

  // Hands `data` to the operating system, in full.
  virtual void Append(std::string_view data) = 0;

  // The file's length in bytes: what it held when it was opened and what was appended since; after
  // a failed Append, with the part of it that landed.
  virtual uint64_t size() const = 0;

  // Cuts the file back to its first `size` bytes; appending goes on from there. REQUIRES: `size` is
  // at most size().
  virtual void Truncate(uint64_t size) = 0;

  // Returns once everything appended so far would survive a power loss (fsync). After an error
  // nothing is known of what was appended since the last success, and a second try proves nothing:
  // Linux reports a failed write-back once.
  virtual void Sync() = 0;
};

// The part of the file system that dqnd uses, so that tests can make it fail. Every byte that a run
// writes goes through it. Safe for use by several threads at once. Errors are std::system_error
// with the path in the message.
class FileSystem {
 public:
  virtual ~FileSystem() = default;

  // Creates the file, or empties the one that is there.
  virtual std::unique_ptr<WritableFile> Create(const std::filesystem::path& path) = 0;

  // Opens the file for appending at its end; creates it when it is not there.
  virtual std::unique_ptr<WritableFile> OpenForAppend(const std::filesystem::path& path) = 0;

  // The whole content of a file.
  virtual std::string Read(const std::filesystem::path& path) = 0;

  virtual bool Exists(const std::filesystem::path& path) = 0;

  // Names (not paths) of a folder's entries, sorted.
  virtual std::vector<std::string> List(const std::filesystem::path& folder) = 0;

  // Creates the folder and those above it; no error when it is there already.
  virtual void CreateFolders(const std::filesystem::path& folder) = 0;

  // Replaces `to` in one step: a reader sees the old file or the new one.
  virtual void Rename(const std::filesystem::path& from, const std::filesystem::path& to) = 0;

  // Removes a file or an empty folder.
  virtual void Remove(const std::filesystem::path& path) = 0;

  // Returns once the folder's entries (names created, renamed or removed) would survive a power
  // loss.
  virtual void SyncFolder(const std::filesystem::path& folder) = 0;
};

// How much of a file counts; what comes after it does not.
struct FileLength {
  std::string name;  // in a folder that the context says
  uint64_t bytes = 0;

  friend bool operator==(const FileLength&, const FileLength&) = default;
};

// The operating system's file system.
FileSystem& RealFileSystem();

// What the name of a file ends with until it is complete.
inline constexpr const char* kTemporarySuffix = ".tmp";

// Writes a file that is either absent or complete, whatever happens: under a temporary name beside
// it, fsynced, renamed. The new name survives a power loss once the folder is synced, too. After an
// error the file at `path` is as it was before. REQUIRES: one writer of `path` at a time.
void WriteFileAtomically(FileSystem& files, const std::filesystem::path& path,
                         std::string_view content);

// The same, and syncs the folder; if only that failed, the file at `path` may be the new one
// already, complete but not sure to survive a power loss.
void WriteFileDurably(FileSystem& files, const std::filesystem::path& path,
                      std::string_view content);

}  // namespace dqnd
