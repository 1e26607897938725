#pragma once

#include <string>
#include <string_view>

namespace dqnd {

// A packed file as a C header for a microcontroller: an array that lies in flash, and the sizes
// that a program needs to know before it is built. `name` becomes the beginning of its identifiers.
std::string PackedHeader(const std::string& packed, std::string_view name,
                         std::string_view environment);

}  // namespace dqnd
