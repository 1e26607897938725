#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

namespace dqnd {

// Writes [height, width, 3] red, green, blue as a PNG file. Throws std::runtime_error when the disk
// does not take it.
void WritePng(const std::filesystem::path& path, int width, int height,
              const std::vector<uint8_t>& rgb);

}  // namespace dqnd
