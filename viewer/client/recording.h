#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "dqnd/v1/moment.pb.h"
#include "dqnd/v1/recording.pb.h"
#include "viewer/client/picture_decoder.h"

namespace dqnd {

// Writes a recording (.dqnrec; proto/dqnd/v1/recording.proto has its layout). What was written
// before a crash can be played.
//
// Owned and called by one thread.
class RecordingWriter {
 public:
  // Between key pictures: what seeking costs against what they take.
  static constexpr int64_t kKeyIntervalMicroseconds = 2'000'000;

  // The file is made with the first moment that has a picture: nothing to play, no file.
  RecordingWriter(const std::filesystem::path& path, const v1::RecordingHeader& header);

  // Adds the newest moment of a stream. `pictures` has decoded it, so that its picture can be
  // written as a key picture where one is due. Moments before the first picture are left out; times
  // that run backwards are held. Throws std::runtime_error when the file was there before or the
  // disk does not take it; the file then ends with the moment before.
  void Write(int64_t time_microseconds, const v1::Moment& moment, const PictureDecoder& pictures);

  // Bytes on the disk. Throws std::runtime_error.
  void Close();

  const std::filesystem::path& path() const { return path_; }
  int64_t moments() const { return moments_; }

 private:
  void Open();
  void WriteMessage(const google::protobuf::MessageLite& message);

  const std::filesystem::path path_;
  const v1::RecordingHeader header_;
  std::ofstream file_;
  int64_t moments_ = 0;
  int64_t time_microseconds_ = 0;
  int64_t key_time_microseconds_ = 0;
};

// Reads a recording. Believes nothing in it: a last message that was cut off is left out, and what
// is damaged ends the recording before it; `remark` says so.
//
// Owned and called by one thread.
class RecordingReader {
 public:
  // Reads the whole file once. Throws std::runtime_error when there is nothing to play in it.
  explicit RecordingReader(const std::filesystem::path& path);

  const v1::RecordingHeader& header() const { return header_; }
  // One line for people when the file does not end as it should; otherwise empty.
  const std::string& remark() const { return remark_; }

  // At least 1.
  size_t moments() const { return index_.size(); }
  // Ascending. REQUIRES: moment < moments().
  int64_t time_microseconds(size_t moment) const { return index_[moment].time_microseconds; }
  int64_t duration_microseconds() const { return index_.back().time_microseconds; }
  // The last moment at that time or before; the first when all are later.
  size_t MomentAt(int64_t time_microseconds) const;
  // The last moment up to and including this one that has a key picture: where decoding begins.
  size_t KeyBefore(size_t moment) const;
  // Throws std::runtime_error when the file has changed since. REQUIRES: moment < moments().
  v1::Moment Read(size_t moment);

 private:
  struct Entry {
    int64_t time_microseconds = 0;
    std::streamoff offset = 0;  // of the message, behind its length
    uint32_t bytes = 0;
    bool is_key = false;
  };

  void ReadHeader();
  void ReadIndex();
  // The next message's length; nothing at the file's end or with a remark.
  std::optional<uint32_t> ReadLength();
  bool ReadBytes(uint32_t bytes, std::string& out);

  const std::filesystem::path path_;
  std::ifstream file_;
  std::streamoff file_bytes_ = 0;
  v1::RecordingHeader header_;
  std::string remark_;
  std::vector<Entry> index_;
};

}  // namespace dqnd
