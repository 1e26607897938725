#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/file_system.h"

namespace dqnd {

// A file that only ever holds whole records. A record that the system refuses (a full disk) is kept
// in memory, and whatever part of it landed is cut off again; it is written with the next one, so
// that a disk which has room again lacks nothing.
//
// Records go to the operating system at once. Owned by one thread.
class RecordFile {
 public:
  // What the file holds already counts as whole.
  explicit RecordFile(std::unique_ptr<WritableFile> file);

  // Never fails for the system's reasons; `problem` then says what they are. Throws
  // std::runtime_error when more than 64 MiB of records could not be written.
  void Append(std::string_view record);

  // Returns once the operating system has every record so far. Throws std::system_error;
  // everything that waited then still does.
  void Flush();

  // The length of all whole records on disk.
  uint64_t bytes() const { return whole_bytes_; }

  // Why records wait in memory; empty when none does.
  const std::string& problem() const { return problem_; }

 private:
  const std::unique_ptr<WritableFile> file_;
  uint64_t whole_bytes_;
  std::string waiting_;  // records that are not on disk yet
  std::string problem_;
};

}  // namespace dqnd
