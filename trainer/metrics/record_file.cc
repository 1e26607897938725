#include "trainer/metrics/record_file.h"

#include <stdexcept>
#include <system_error>
#include <utility>

namespace dqnd {
namespace {

constexpr size_t kMostWaitingBytes = size_t{64} << 20;

}  // namespace

RecordFile::RecordFile(std::unique_ptr<WritableFile> file)
    : file_(std::move(file)), whole_bytes_(file_->size()) {}

void RecordFile::Append(std::string_view record) {
  waiting_ += record;
  try {
    Flush();
  } catch (const std::system_error& error) {
    problem_ = error.what();
    if (waiting_.size() > kMostWaitingBytes) {
      throw std::runtime_error(problem_ + "; too many records wait for it");
    }
  }
}

void RecordFile::Flush() {
  if (file_->size() != whole_bytes_) file_->Truncate(whole_bytes_);
  if (waiting_.empty()) return;
  try {
    file_->Append(waiting_);
  } catch (const std::system_error&) {
    try {
      file_->Truncate(whole_bytes_);
    } catch (const std::system_error&) {  // NOLINT(bugprone-empty-catch)
      // The next call makes up for it.
    }
    throw;
  }
  whole_bytes_ = file_->size();
  waiting_.clear();
  problem_.clear();
}

}  // namespace dqnd
