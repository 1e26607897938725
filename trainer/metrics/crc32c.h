#pragma once

#include <cstdint>
#include <string_view>

namespace dqnd {

// CRC-32C (Castagnoli; RFC 3720, appendix B.4) of `bytes`.
uint32_t Crc32c(std::string_view bytes);

// The checksum as the TFRecord format stores it: rotated right by 15 bits, plus a constant, so that
// the checksum of bytes that hold checksums stays a good one.
uint32_t MaskedCrc32c(std::string_view bytes);

}  // namespace dqnd
