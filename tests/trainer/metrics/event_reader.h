#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "trainer/metrics/crc32c.h"

namespace dqnd {

// The payloads of a TFRecord file, their checksums verified; throws std::runtime_error for a file
// that is cut short or wrong. What the payloads mean is for TensorBoard's own reader
// (tests/python/metrics_reader_test.py).
inline std::vector<std::string_view> ReadRecords(std::string_view file) {
  std::vector<std::string_view> payloads;
  ByteReader reader(file);
  while (reader.remaining() > 0) {
    const std::string_view length_bytes = reader.Raw(8);
    if (reader.U32() != MaskedCrc32c(length_bytes)) throw std::runtime_error("length checksum");
    payloads.push_back(reader.Raw(ByteReader(length_bytes).U64()));
    if (reader.U32() != MaskedCrc32c(payloads.back())) throw std::runtime_error("data checksum");
  }
  return payloads;
}

}  // namespace dqnd
