#include "viewer/client/recording.h"

#include <errno.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <system_error>

namespace dqnd {
namespace {

constexpr std::string_view kMagic = "DQNDREC1";
constexpr uint32_t kMaxMessageBytes = 16u << 20;
constexpr std::streamoff kLengthBytes = 4;

std::string ErrnoText() {
  return std::generic_category().message(errno);
}

}  // namespace

RecordingWriter::RecordingWriter(const std::filesystem::path& path,
                                 const v1::RecordingHeader& header)
    : path_(path), header_(header) {}

void RecordingWriter::Open() {
  if (std::filesystem::exists(path_)) {
    throw std::runtime_error(
        fmt::format("{} is there already; it is left as it is", path_.string()));
  }
  file_.open(path_, std::ios::binary);
  if (!file_)
    throw std::runtime_error(fmt::format("cannot write {}: {}", path_.string(), ErrnoText()));
  file_ << kMagic;
  WriteMessage(header_);
}

void RecordingWriter::WriteMessage(const google::protobuf::MessageLite& message) {
  const std::string bytes = message.SerializeAsString();
  std::array<char, kLengthBytes> length;
  for (size_t i = 0; i < length.size(); ++i) length[i] = static_cast<char>(bytes.size() >> (8 * i));
  file_.write(length.data(), length.size());
  file_.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file_.flush();
  if (!file_) {
    throw std::runtime_error(fmt::format("cannot write {}: {}", path_.string(), ErrnoText()));
  }
}

void RecordingWriter::Write(int64_t time_microseconds, const v1::Moment& moment,
                            const PictureDecoder& pictures) {
  const bool first = moments_ == 0;
  if (first && !pictures.has_picture()) return;
  if (first) Open();
  v1::RecordedMoment recorded;
  *recorded.mutable_moment() = moment;
  time_microseconds_ = first ? 0 : std::max(time_microseconds, time_microseconds_);
  recorded.set_time_microseconds(time_microseconds_);
  const bool due = time_microseconds_ - key_time_microseconds_ >= kKeyIntervalMicroseconds;
  if (first || (due && moment.has_picture())) {
    *recorded.mutable_moment()->mutable_picture() = EncodeKeyPicture(pictures.picture());
  }
  if (recorded.moment().picture().key()) key_time_microseconds_ = time_microseconds_;
  WriteMessage(recorded);
  ++moments_;
}

void RecordingWriter::Close() {
  if (moments_ == 0) return;
  file_.close();
  if (!file_) {
    throw std::runtime_error(fmt::format("cannot write {}: {}", path_.string(), ErrnoText()));
  }
}

RecordingReader::RecordingReader(const std::filesystem::path& path)
    : path_(path), file_(path, std::ios::binary | std::ios::ate) {
  if (!file_)
    throw std::runtime_error(fmt::format("cannot read {}: {}", path.string(), ErrnoText()));
  file_bytes_ = file_.tellg();
  file_.seekg(0);
  ReadHeader();
  ReadIndex();
  if (index_.empty()) {
    throw std::runtime_error(fmt::format("{} holds no moment that could be played{}{}",
                                         path_.string(), remark_.empty() ? "" : ": ", remark_));
  }
}

void RecordingReader::ReadHeader() {
  std::string magic;
  if (!ReadBytes(kMagic.size(), magic) || magic != kMagic) {
    throw std::runtime_error(fmt::format("{} is no recording of dqnd: it does not begin with {}",
                                         path_.string(), kMagic));
  }
  const std::optional<uint32_t> length = ReadLength();
  std::string bytes;
  if (!length.has_value() || !ReadBytes(*length, bytes) || !header_.ParseFromString(bytes)) {
    throw std::runtime_error(fmt::format("{} has a damaged header{}{}", path_.string(),
                                         remark_.empty() ? "" : ": ", remark_));
  }
}

void RecordingReader::ReadIndex() {
  std::string bytes;
  while (const std::optional<uint32_t> length = ReadLength()) {
    const std::streamoff offset = file_.tellg();
    v1::RecordedMoment recorded;
    if (!ReadBytes(*length, bytes) || !recorded.ParseFromString(bytes)) {
      remark_ = fmt::format("damaged at byte {}: what is before it is played", offset);
      return;
    }
    const bool is_key = recorded.moment().picture().key();
    if (index_.empty() && !is_key) {
      remark_ = "its first picture depends on one that is not in the file";
      return;
    }
    const int64_t before = index_.empty() ? 0 : index_.back().time_microseconds;
    index_.push_back({std::max(before, recorded.time_microseconds()), offset, *length, is_key});
  }
}

std::optional<uint32_t> RecordingReader::ReadLength() {
  const std::streamoff offset = file_.tellg();
  const std::streamoff left = file_bytes_ - offset;
  if (left == 0) return std::nullopt;
  std::string bytes;
  if (left < kLengthBytes || !ReadBytes(kLengthBytes, bytes)) {
    remark_ = "cut off at its end: the last moment is left out";
    return std::nullopt;
  }
  uint32_t length = 0;
  for (size_t i = 0; i < bytes.size(); ++i) {
    length |= uint32_t{static_cast<uint8_t>(bytes[i])} << (8 * i);
  }
  if (length > kMaxMessageBytes) {
    remark_ = fmt::format("damaged at byte {}: a message of {} bytes, at most {} are allowed",
                          offset, length, kMaxMessageBytes);
    return std::nullopt;
  }
  if (length > left - kLengthBytes) {
    remark_ = "cut off at its end: the last moment is left out";
    return std::nullopt;
  }
  return length;
}

bool RecordingReader::ReadBytes(uint32_t bytes, std::string& out) {
  out.resize(bytes);
  file_.read(out.data(), bytes);
  return file_.gcount() == std::streamsize{bytes} && !file_.bad();
}

size_t RecordingReader::MomentAt(int64_t time_microseconds) const {
  const auto after = std::upper_bound(
      index_.begin(), index_.end(), time_microseconds,
      [](int64_t time, const Entry& entry) { return time < entry.time_microseconds; });
  return after == index_.begin() ? 0 : static_cast<size_t>(after - index_.begin()) - 1;
}

size_t RecordingReader::KeyBefore(size_t moment) const {
  while (!index_[moment].is_key) --moment;  // the first is one
  return moment;
}

v1::Moment RecordingReader::Read(size_t moment) {
  const Entry& entry = index_[moment];
  file_.clear();
  file_.seekg(entry.offset);
  std::string bytes;
  v1::RecordedMoment recorded;
  if (!ReadBytes(entry.bytes, bytes) || !recorded.ParseFromString(bytes)) {
    throw std::runtime_error(
        fmt::format("{} has changed since it was opened: open it again", path_.string()));
  }
  return std::move(*recorded.mutable_moment());
}

}  // namespace dqnd
