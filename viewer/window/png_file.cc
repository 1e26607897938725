#include "viewer/window/png_file.h"

#include <errno.h>
#include <fmt/format.h>
#include <zlib.h>

#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

namespace dqnd {
namespace {

std::string BigEndian(uint32_t value) {
  std::string bytes;
  for (const int shift : {24, 16, 8, 0}) bytes += static_cast<char>(value >> shift);
  return bytes;
}

// A chunk of the format: length, type, data, checksum of both.
std::string Chunk(std::string_view type, std::string_view data) {
  const std::string body = std::string(type) + std::string(data);
  const uLong checksum =
      crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size()));
  return BigEndian(static_cast<uint32_t>(data.size())) + body +
         BigEndian(static_cast<uint32_t>(checksum));
}

std::string Compress(const std::string& bytes) {
  uLongf size = compressBound(static_cast<uLong>(bytes.size()));
  std::string compressed(size, '\0');
  const int result = compress2(reinterpret_cast<Bytef*>(compressed.data()), &size,
                               reinterpret_cast<const Bytef*>(bytes.data()),
                               static_cast<uLong>(bytes.size()), Z_DEFAULT_COMPRESSION);
  if (result != Z_OK) throw std::runtime_error("zlib cannot compress a screenshot");
  compressed.resize(size);
  return compressed;
}

}  // namespace

void WritePng(const std::filesystem::path& path, int width, int height,
              const std::vector<uint8_t>& rgb) {
  const size_t row_bytes = static_cast<size_t>(width) * 3;
  std::string rows;
  rows.reserve((row_bytes + 1) * static_cast<size_t>(height));
  for (size_t row = 0; row < static_cast<size_t>(height); ++row) {
    rows += '\0';  // no filter
    rows.append(reinterpret_cast<const char*>(rgb.data()) + row * row_bytes, row_bytes);
  }
  // Eight bits, red green blue, and the only methods there are.
  const std::string header = BigEndian(static_cast<uint32_t>(width)) +
                             BigEndian(static_cast<uint32_t>(height)) +
                             std::string("\x08\x02\x00\x00\x00", 5);
  std::ofstream file(path, std::ios::binary);
  file << "\x89PNG\r\n\x1a\n"
       << Chunk("IHDR", header) << Chunk("IDAT", Compress(rows)) << Chunk("IEND", "");
  file.close();
  if (!file) {
    throw std::runtime_error(
        fmt::format("cannot write {}: {}", path.string(), std::generic_category().message(errno)));
  }
}

}  // namespace dqnd
