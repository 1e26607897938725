#include "trainer/metrics/record_file.h"

#include <system_error>
#include <utility>

namespace dqnd {

RecordFile::RecordFile(std::unique_ptr<WritableFile> file)
    : file_(std::move(file)), whole_bytes_(file_->size()) {}

void RecordFile::Append(std::string_view record) {
  if (file_->size() != whole_bytes_) file_->Truncate(whole_bytes_);
  try {
    file_->Append(record);
  } catch (const std::system_error&) {
    CutBackQuietly();
    throw;
  }
  whole_bytes_ = file_->size();
}

void RecordFile::CutBackQuietly() {
  try {
    file_->Truncate(whole_bytes_);
  } catch (const std::system_error&) {  // the next Append tries again
  }
}

}  // namespace dqnd
