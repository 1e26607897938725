#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "dqnd/v1/moment.pb.h"

namespace dqnd {

// A picture, stack or map that its sender made wrongly, or that was damaged on its way.
class DamagedPicture : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// A picture as games have it, row-major from the top left corner.
struct DecodedPicture {
  int width = 0;   // pixels
  int height = 0;  // pixels
  // [colours, 3]: red, green, blue; empty when the pixels are colours themselves.
  std::vector<uint8_t> palette_rgb;
  // [height, width] numbers into the palette, each less than the number of colours; without a
  // palette [height, width, 3] red, green, blue.
  std::vector<uint8_t> pixels;

  bool indexed() const { return !palette_rgb.empty(); }
  friend bool operator==(const DecodedPicture&, const DecodedPicture&) = default;
};

// The same for a screen.
struct RgbaPicture {
  int width = 0;              // pixels
  int height = 0;             // pixels
  std::vector<uint8_t> rgba;  // [height, width, 4]; opaque
};

// The pictures of one stream, which depend on each other: every one must be decoded, in order, also
// those that nobody looks at. Believes nothing that it is given: whatever the bytes are, Decode
// returns a picture that keeps its promises or throws, and takes no more memory than the largest
// picture has (8192 x 8192 pixels; LZ4's own limits hold it to 255 times what was sent).
//
// Owned and called by one thread.
class PictureDecoder {
 public:
  static constexpr int kMaxSidePixels = 8192;

  // The picture, until the next call. Throws DamagedPicture; the next picture must then be a key
  // picture.
  const DecodedPicture& Decode(const v1::Picture& picture);

  // The newest picture; nothing before the first, or after a damaged one.
  bool has_picture() const { return has_picture_; }
  const DecodedPicture& picture() const { return picture_; }

 private:
  DecodedPicture picture_;
  bool has_picture_ = false;
  std::vector<uint8_t> scratch_;
};

// Of `picture` alone, so that it can be decoded without any before it.
v1::Picture EncodeKeyPicture(const DecodedPicture& picture);

RgbaPicture ToRgba(const DecodedPicture& picture);

// The bytes of one LZ4 block that must hold exactly `expected_bytes`, written to `out`. Throws
// DamagedPicture.
void DecompressExactly(const std::string& block, size_t expected_bytes, std::vector<uint8_t>& out);

}  // namespace dqnd
