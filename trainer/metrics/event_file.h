#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/file_system.h"
#include "trainer/metrics/record_file.h"
#include "trainer/metrics/scalar.h"

namespace dqnd {

// The name that TensorBoard looks for: events.out.tfevents.SECONDS.HOST.PROCESS.NUMBER, where the
// number tells apart the files that one process begins within a second.
std::string EventFileName(int64_t unix_seconds, std::string_view host, int64_t process_id,
                          int number);

// Writes a TensorBoard event file: TFRecord framing (u64 length, masked CRC-32C of it, the payload,
// masked CRC-32C of that) around protobuf messages tensorflow.Event, version "brain.Event:2".
// Values are stored as 32-bit floats, as TensorBoard's own writer does.
//
// Each row is one record: what becomes of it when the disk is full is said at RecordFile. Owned by
// one thread.
class EventFile {
 public:
  // Creates the file. For a run that goes on, `resumed_at_env_step` is the last env_step that
  // counts: a SessionLog START tells TensorBoard to drop the rows that older files hold beyond it.
  EventFile(FileSystem& files, const std::filesystem::path& path, double unix_seconds,
            std::optional<int64_t> resumed_at_env_step);

  // One row. NaN values are left out, and a row of nothing else is not written.
  void AddScalars(int64_t env_step, double unix_seconds, std::span<const Scalar> scalars);

  RecordFile& records() { return records_; }
  const RecordFile& records() const { return records_; }

 private:
  RecordFile records_;
};

}  // namespace dqnd
