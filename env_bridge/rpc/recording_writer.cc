#include "env_bridge/rpc/recording_writer.h"

#include <system_error>
#include <utility>

#include "base/bytes.h"
#include "dqnd/v1/recording.pb.h"
#include "env_bridge/rpc/messages.h"
#include "env_bridge/rpc/moment_encoder.h"

namespace dqnd {
namespace {

constexpr const char* kMagic = "DQNDREC1";
constexpr size_t kBufferBytes = 64 << 10;

std::filesystem::path TemporaryName(const std::filesystem::path& path) {
  return path.string() + kTemporarySuffix;
}

}  // namespace

struct RecordingWriter::Encoder {
  explicit Encoder(const ObservationSpec& spec) : observation(spec), moments(observation) {}
  const ObservationSpec observation;
  MomentEncoder moments;
};

RecordingWriter::RecordingWriter(FileSystem& files, const std::filesystem::path& path,
                                 const std::string& run_name, const EnvironmentSpec& environment,
                                 int64_t env_steps)
    : files_(files),
      path_(path),
      frames_per_second_(environment.frames_per_second),
      encoder_(std::make_unique<Encoder>(environment.observation)) {
  v1::RecordingHeader header;
  header.set_contract_revision(kContractRevision);
  header.set_run_name(run_name);
  ToMessage(environment, *header.mutable_environment());
  header.set_source(v1::RECORDING_SOURCE_EVALUATION);
  header.set_unix_seconds(static_cast<double>(UnixNanoseconds()) / 1e9);
  header.set_env_steps(env_steps);
  try {
    files_.CreateFolders(path_.parent_path());
    file_ = files_.Create(TemporaryName(path_));
  } catch (const std::system_error& error) {
    failure_ = error.what();
  }
  buffer_ = kMagic;
  Append(header.SerializeAsString());
}

RecordingWriter::~RecordingWriter() {
  Discard();
}

void RecordingWriter::Show(const Moment& moment) {
  if (file_ == nullptr) return;
  v1::RecordedMoment recorded;
  recorded.set_time_microseconds(
      static_cast<int64_t>(1e6 * static_cast<double>(frames_++) / frames_per_second_));
  encoder_->moments.Encode(moment, {}, {}, *recorded.mutable_moment());
  Append(recorded.SerializeAsString());
  if (buffer_.size() >= kBufferBytes) Flush();
}

void RecordingWriter::Append(const std::string& message) {
  ByteWriter writer;
  writer.U32(static_cast<uint32_t>(message.size()));
  buffer_ += writer.bytes();
  buffer_ += message;
}

void RecordingWriter::Flush() {
  if (file_ == nullptr) return;
  try {
    file_->Append(buffer_);
    buffer_.clear();
  } catch (const std::system_error& error) {
    failure_ = error.what();
    Discard();
  }
}

void RecordingWriter::Discard() {
  if (file_ == nullptr) return;
  file_ = nullptr;
  try {
    files_.Remove(TemporaryName(path_));
  } catch (const std::system_error&) {
    // The next recording of that name takes its place.
  }
}

void RecordingWriter::Keep() {
  Flush();
  if (file_ == nullptr) {
    throw std::system_error(std::make_error_code(std::errc::io_error), failure_);
  }
  file_->Sync();
  file_ = nullptr;
  files_.Rename(TemporaryName(path_), path_);
  files_.SyncFolder(path_.parent_path());
}

}  // namespace dqnd
