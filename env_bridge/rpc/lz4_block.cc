#include "env_bridge/rpc/lz4_block.h"

#include <cassert>

#include <lz4.h>

namespace dqnd {

void CompressLz4(std::span<const uint8_t> bytes, std::string& out) {
  const auto size = static_cast<int>(bytes.size());
  out.resize(LZ4_compressBound(size));
  const int compressed = LZ4_compress_default(reinterpret_cast<const char*>(bytes.data()),
                                              out.data(), size, static_cast<int>(out.size()));
  assert(compressed > 0);
  out.resize(compressed);
}

}  // namespace dqnd
