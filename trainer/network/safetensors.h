#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>

#include "trainer/network/parameters.h"

namespace dqnd {

// The safetensors format (Hugging Face): a header length (u64), a JSON header that names each
// tensor with dtype, shape and offsets, then the tensors' bytes, row-major and little-endian.
// Python's `safetensors` package reads what we write, and we read what it writes, as long as the
// tensors are F32 and their names and shapes are the network's.
std::string EncodeSafetensors(std::span<const NamedTensor> tensors,
                              const std::map<std::string, std::string>& metadata);

// Fills the tensors' memory. Throws std::runtime_error beginning with `source` (a file name) when
// the bytes are damaged or hold other tensors; some may then be filled.
void DecodeSafetensors(std::string_view bytes, const std::string& source,
                       std::span<const NamedTensor> tensors);

}  // namespace dqnd
