#include "viewer/client/recorder.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <cassert>
#include <ctime>
#include <stdexcept>
#include <utility>

namespace dqnd {

void Recorder::Start(const std::filesystem::path& path, const v1::RecordingHeader& header) {
  const std::lock_guard lock(mutex_);
  assert(writer_ == nullptr);
  writer_ = std::make_unique<RecordingWriter>(path, header);
  first_unix_nanoseconds_.reset();
}

std::string Recorder::Stop() {
  const std::lock_guard lock(mutex_);
  if (writer_ == nullptr) return "";
  const std::string text =
      writer_->moments() == 0
          ? "Nothing was recorded: no moment came"
          : fmt::format("Recorded {} moments in {}", writer_->moments(), writer_->path().string());
  std::exchange(writer_, nullptr)->Close();
  return text;
}

bool Recorder::is_recording() const {
  const std::lock_guard lock(mutex_);
  return writer_ != nullptr;
}

std::string Recorder::TakeFailure() {
  const std::lock_guard lock(mutex_);
  return std::exchange(failure_, {});
}

void Recorder::Accept(const v1::Moment& moment, const PictureDecoder& pictures) {
  const std::lock_guard lock(mutex_);
  if (writer_ == nullptr) return;
  if (!first_unix_nanoseconds_.has_value()) first_unix_nanoseconds_ = moment.unix_nanoseconds();
  try {
    writer_->Write((moment.unix_nanoseconds() - *first_unix_nanoseconds_) / 1000, moment, pictures);
  } catch (const std::runtime_error& error) {
    failure_ = fmt::format("recording ended: {}", error.what());
    writer_.reset();
  }
}

std::string RecordingName(const std::string& name, double unix_seconds) {
  std::string safe;
  for (const char c : name) {
    const bool likes = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       c == '-' || c == '_';
    safe += likes ? c : '_';
  }
  if (safe.empty()) safe = "dqnd";
  return fmt::format("{}-{:%Y%m%d-%H%M%S}.dqnrec", safe,
                     fmt::localtime(static_cast<std::time_t>(unix_seconds)));
}

}  // namespace dqnd
