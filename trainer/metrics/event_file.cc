#include "trainer/metrics/event_file.h"

#include <fmt/format.h>

#include <cmath>

#include "base/bytes.h"
#include "trainer/metrics/crc32c.h"

namespace dqnd {
namespace {

// Field numbers of TensorFlow's event.proto and summary.proto.
constexpr uint32_t kEventWallTime = 1, kEventStep = 2, kEventFileVersion = 3, kEventSummary = 5,
                   kEventSessionLog = 7;
constexpr uint32_t kSummaryValue = 1;
constexpr uint32_t kValueTag = 1, kValueSimpleValue = 2;
constexpr uint32_t kSessionLogStatus = 1;
constexpr uint64_t kSessionStart = 1;

// Writes one protobuf message, field by field (protobuf.dev/programming-guides/encoding).
class Message {
 public:
  void Varint(uint32_t field, uint64_t value) {
    Key(field, 0);
    RawVarint(value);
  }
  void Double(uint32_t field, double value) {
    Key(field, 1);
    writer_.F64(value);
  }
  void Bytes(uint32_t field, std::string_view bytes) {
    Key(field, 2);
    RawVarint(bytes.size());
    writer_.Raw(bytes.data(), bytes.size());
  }
  void Float(uint32_t field, float value) {
    Key(field, 5);
    writer_.F32(value);
  }

  const std::string& bytes() const { return writer_.bytes(); }

 private:
  void Key(uint32_t field, uint32_t wire_type) { RawVarint(field << 3 | wire_type); }
  void RawVarint(uint64_t value) {
    for (; value >= 0x80; value >>= 7) writer_.U8(static_cast<uint8_t>(value | 0x80));
    writer_.U8(static_cast<uint8_t>(value));
  }

  ByteWriter writer_;
};

std::string Framed(const Message& event) {
  const std::string& payload = event.bytes();
  ByteWriter record;
  record.U64(payload.size());
  record.U32(MaskedCrc32c(record.bytes()));
  record.Raw(payload.data(), payload.size());
  record.U32(MaskedCrc32c(payload));
  return record.Take();
}

Message EventAt(double unix_seconds, int64_t env_step) {
  Message event;
  event.Double(kEventWallTime, unix_seconds);
  event.Varint(kEventStep, static_cast<uint64_t>(env_step));
  return event;
}

std::string VersionRecord(double unix_seconds) {
  Message event = EventAt(unix_seconds, 0);
  event.Bytes(kEventFileVersion, "brain.Event:2");
  return Framed(event);
}

// TensorBoard drops older rows from the START's step on, that step included; hence the one after.
std::string StartRecord(double unix_seconds, int64_t resumed_at_env_step) {
  Message session_log;
  session_log.Varint(kSessionLogStatus, kSessionStart);
  Message event = EventAt(unix_seconds, resumed_at_env_step + 1);
  event.Bytes(kEventSessionLog, session_log.bytes());
  return Framed(event);
}

}  // namespace

std::string EventFileName(int64_t unix_seconds, std::string_view host, int64_t process_id,
                          int number) {
  return fmt::format("events.out.tfevents.{:010}.{}.{}.{}", unix_seconds, host, process_id, number);
}

EventFile::EventFile(FileSystem& files, const std::filesystem::path& path, double unix_seconds,
                     std::optional<int64_t> resumed_at_env_step)
    : records_(files.Create(path)) {
  std::string opening = VersionRecord(unix_seconds);
  if (resumed_at_env_step.has_value()) opening += StartRecord(unix_seconds, *resumed_at_env_step);
  records_.Append(opening);
}

void EventFile::AddScalars(int64_t env_step, double unix_seconds, std::span<const Scalar> scalars) {
  Message summary;
  for (const Scalar& scalar : scalars) {
    if (std::isnan(scalar.value)) continue;
    Message value;
    value.Bytes(kValueTag, scalar.tag);
    value.Float(kValueSimpleValue, static_cast<float>(scalar.value));
    summary.Bytes(kSummaryValue, value.bytes());
  }
  if (summary.bytes().empty()) return;
  Message event = EventAt(unix_seconds, env_step);
  event.Bytes(kEventSummary, summary.bytes());
  records_.Append(Framed(event));
}

}  // namespace dqnd
