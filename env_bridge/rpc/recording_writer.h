#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "base/file_system.h"
#include "env_bridge/environment.h"
#include "env_bridge/watch/moment_sink.h"

namespace dqnd {

// Writes the moments of evaluation episodes as a recording (.dqnrec,
// proto/dqnd/v1/recording.proto): every frame in the game's real time. The file is there once Keep
// returns, and not before.
//
// A disk that takes nothing spoils the recording and nothing else: Show never throws, Keep does.
// Owned and called by one thread.
class RecordingWriter final : public MomentSink {
 public:
  // Begins `path` under a temporary name; makes its folder where it is missing. `env_steps`: of the
  // run.
  RecordingWriter(FileSystem& files, const std::filesystem::path& path, const std::string& run_name,
                  const EnvironmentSpec& environment, int64_t env_steps);

  // Without Keep, nothing is left of it.
  ~RecordingWriter() override;

  void Show(const Moment& moment) override;

  // Takes the place of a recording that was there, durably. Throws std::system_error when it could
  // not be written; nothing is left of it then, and the older one stays.
  void Keep();

 private:
  struct Encoder;

  void Append(const std::string& message);
  void Flush();
  void Discard();

  FileSystem& files_;
  const std::filesystem::path path_;
  const double frames_per_second_;
  const std::unique_ptr<Encoder> encoder_;
  std::unique_ptr<WritableFile> file_;  // null: given up
  std::string failure_;                 // why it was
  std::string buffer_;
  int64_t frames_ = 0;
};

}  // namespace dqnd
