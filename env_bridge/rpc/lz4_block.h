#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace dqnd {

// One LZ4 block of `bytes`, written over `out`, whose memory is reused.
void CompressLz4(std::span<const uint8_t> bytes, std::string& out);

}  // namespace dqnd
