#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "dqnd/v1/recording.pb.h"
#include "viewer/client/moment_decoder.h"
#include "viewer/client/recording.h"

namespace dqnd {

// A recording that a person switches on and off while a stream goes by. Accept belongs on the
// client's thread, as its MomentSink; everything else may be called by any thread.
class Recorder {
 public:
  // Begins with the next moment. REQUIRES: nothing is being recorded.
  void Start(const std::filesystem::path& path, const v1::RecordingHeader& header);

  // Ends, and says in one line what was recorded where; empty when it had ended by itself. Throws
  // std::runtime_error when the disk did not take it.
  std::string Stop();

  bool is_recording() const;

  // Why recording ended by itself, once; empty when it did not.
  std::string TakeFailure();

  void Accept(const v1::Moment& moment, const PictureDecoder& pictures);

 private:
  mutable std::mutex mutex_;
  // Guarded by mutex_.
  std::unique_ptr<RecordingWriter> writer_;  // empty: nothing is recorded
  std::optional<int64_t> first_unix_nanoseconds_;
  std::string failure_;
};

// "NAME-20261123-021500.dqnrec": what a recording that begins now is called. Characters of `name`
// that file systems do not like become "_".
std::string RecordingName(const std::string& name, double unix_seconds);

}  // namespace dqnd
