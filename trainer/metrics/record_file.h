#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/file_system.h"

namespace dqnd {

// A file that only ever holds whole records. When an Append fails with a part of its record on the
// disk (a full disk takes what fits), the file is cut back to the record before; should even that
// fail, the cut is made up for before the next record is written. So a failure costs the record
// that was being written and nothing else, and a later success continues a readable file.
//
// Records go to the operating system at once; nothing waits in a buffer of the process. Owned by
// one thread.
class RecordFile {
 public:
  // What the file holds already counts as whole.
  explicit RecordFile(std::unique_ptr<WritableFile> file);

  // Throws std::system_error; the file then ends (or will end) with the record before.
  void Append(std::string_view record);

  // Returns once every record so far would survive a power loss.
  void Sync() { file_->Sync(); }

  // The length of all whole records.
  uint64_t bytes() const { return whole_bytes_; }

 private:
  void CutBackQuietly();

  const std::unique_ptr<WritableFile> file_;
  uint64_t whole_bytes_;
};

}  // namespace dqnd
