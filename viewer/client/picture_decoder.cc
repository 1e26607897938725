#include "viewer/client/picture_decoder.h"

#include <fmt/format.h>
#include <lz4.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>
#include <utility>

namespace dqnd {
namespace {

// LZ4 gives at most 255 bytes for one, and a block's first bytes give less.
constexpr size_t kMaxBytesPerLz4Byte = 255;
constexpr size_t kMaxPaletteBytes = size_t{256} * 3;

void CheckSize(const v1::Picture& picture) {
  const auto fits = [](int side) { return side >= 1 && side <= PictureDecoder::kMaxSidePixels; };
  if (fits(picture.width_pixels()) && fits(picture.height_pixels())) return;
  throw DamagedPicture(fmt::format("a picture of {}x{} pixels: each side must be 1 to {}",
                                   picture.width_pixels(), picture.height_pixels(),
                                   PictureDecoder::kMaxSidePixels));
}

void CheckPalette(const std::string& palette) {
  if (!palette.empty() && palette.size() % 3 == 0 && palette.size() <= kMaxPaletteBytes) return;
  throw DamagedPicture(fmt::format(
      "a palette of {} bytes: it must have three for each of 1 to 256 colours", palette.size()));
}

void CheckIndices(const std::vector<uint8_t>& pixels, size_t colours) {
  const uint8_t largest = *std::max_element(pixels.begin(), pixels.end());
  if (largest < colours) return;
  throw DamagedPicture(
      fmt::format("a pixel of colour {} with a palette of {} colours", int{largest}, colours));
}

}  // namespace

void DecompressExactly(const std::string& block, size_t expected_bytes, std::vector<uint8_t>& out) {
  // Before memory is taken for what cannot be.
  if (block.size() > size_t{LZ4_MAX_INPUT_SIZE} || expected_bytes > size_t{LZ4_MAX_INPUT_SIZE} ||
      expected_bytes / kMaxBytesPerLz4Byte > block.size()) {
    throw DamagedPicture(fmt::format("{} compressed bytes cannot hold the {} that belong there",
                                     block.size(), expected_bytes));
  }
  out.resize(expected_bytes);
  const int size =
      LZ4_decompress_safe(block.data(), reinterpret_cast<char*>(out.data()),
                          static_cast<int>(block.size()), static_cast<int>(expected_bytes));
  if (size < 0 || static_cast<size_t>(size) != expected_bytes) {
    throw DamagedPicture(
        fmt::format("{} compressed bytes do not decompress to the {} that belong "
                    "there",
                    block.size(), expected_bytes));
  }
}

const DecodedPicture& PictureDecoder::Decode(const v1::Picture& picture) {
  const bool had_picture = std::exchange(has_picture_, false);
  CheckSize(picture);
  const bool indexed = picture.pixel_format() == v1::PIXEL_FORMAT_INDEXED;
  if (!indexed && picture.pixel_format() != v1::PIXEL_FORMAT_RGB) {
    throw DamagedPicture(fmt::format("pixel format {} is unknown", int{picture.pixel_format()}));
  }
  if (indexed && picture.key()) CheckPalette(picture.palette_rgb());
  if (!picture.key() &&
      (!had_picture || picture_.width != picture.width_pixels() ||
       picture_.height != picture.height_pixels() || picture_.indexed() != indexed)) {
    throw DamagedPicture("a picture of differences to another that is not there");
  }

  const size_t bytes = static_cast<size_t>(picture.width_pixels()) *
                       static_cast<size_t>(picture.height_pixels()) * (indexed ? 1 : 3);
  DecompressExactly(picture.pixels_lz4(), bytes, scratch_);
  if (picture.key()) {
    picture_.width = picture.width_pixels();
    picture_.height = picture.height_pixels();
    picture_.palette_rgb.clear();
    if (indexed) {
      picture_.palette_rgb.assign(picture.palette_rgb().begin(), picture.palette_rgb().end());
    }
    picture_.pixels.swap(scratch_);
  } else {
    std::transform(
        picture_.pixels.begin(), picture_.pixels.end(), scratch_.begin(), picture_.pixels.begin(),
        [](uint8_t before, uint8_t difference) -> uint8_t { return before ^ difference; });
  }
  if (indexed) CheckIndices(picture_.pixels, picture_.palette_rgb.size() / 3);
  has_picture_ = true;
  return picture_;
}

v1::Picture EncodeKeyPicture(const DecodedPicture& picture) {
  v1::Picture encoded;
  encoded.set_width_pixels(picture.width);
  encoded.set_height_pixels(picture.height);
  encoded.set_pixel_format(picture.indexed() ? v1::PIXEL_FORMAT_INDEXED : v1::PIXEL_FORMAT_RGB);
  encoded.set_palette_rgb(picture.palette_rgb.data(), picture.palette_rgb.size());
  encoded.set_key(true);
  const int bytes = static_cast<int>(picture.pixels.size());
  std::string& block = *encoded.mutable_pixels_lz4();
  block.resize(static_cast<size_t>(LZ4_compressBound(bytes)));
  const int size = LZ4_compress_default(reinterpret_cast<const char*>(picture.pixels.data()),
                                        block.data(), bytes, static_cast<int>(block.size()));
  assert(size > 0);
  block.resize(static_cast<size_t>(size));
  return encoded;
}

RgbaPicture ToRgba(const DecodedPicture& picture) {
  RgbaPicture result{picture.width, picture.height, {}};
  const size_t pixels = static_cast<size_t>(picture.width) * static_cast<size_t>(picture.height);
  result.rgba.resize(pixels * 4);
  uint8_t* out = result.rgba.data();
  if (!picture.indexed()) {
    const uint8_t* rgb = picture.pixels.data();
    for (size_t i = 0; i < pixels; ++i, rgb += 3, out += 4) {
      std::copy_n(rgb, 3, out);
      out[3] = 255;
    }
    return result;
  }
  std::array<std::array<uint8_t, 4>, 256> colours = {};
  for (size_t i = 0; i < picture.palette_rgb.size() / 3; ++i) {
    const uint8_t* rgb = &picture.palette_rgb[i * 3];
    colours[i] = {rgb[0], rgb[1], rgb[2], 255};
  }
  for (const uint8_t pixel : picture.pixels) {
    std::memcpy(out, colours[pixel].data(), 4);
    out += 4;
  }
  return result;
}

}  // namespace dqnd
