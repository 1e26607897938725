#pragma once

#include <stdexcept>

#include <lz4.h>

#include "dqnd/v1/moment.pb.h"
#include "env_bridge/image.h"

namespace dqnd {

// Decodes the pictures of one stream as proto/dqnd/v1/moment.proto describes them.
class PlainDecoder {
 public:
  const Image& Decode(const v1::Picture& picture) {
    const int channels = picture.pixel_format() == v1::PIXEL_FORMAT_RGB ? 3 : 1;
    std::vector<uint8_t> pixels(picture.width_pixels() * picture.height_pixels() * channels);
    const int size = LZ4_decompress_safe(
        picture.pixels_lz4().data(), reinterpret_cast<char*>(pixels.data()),
        static_cast<int>(picture.pixels_lz4().size()), static_cast<int>(pixels.size()));
    if (size != static_cast<int>(pixels.size())) throw std::runtime_error("no picture");
    if (picture.key()) {
      image_.width = picture.width_pixels();
      image_.height = picture.height_pixels();
      image_.palette.assign(picture.palette_rgb().begin(), picture.palette_rgb().end());
      image_.pixels = pixels;
    } else {
      for (size_t i = 0; i < pixels.size(); ++i) image_.pixels.at(i) ^= pixels[i];
    }
    return image_;
  }

 private:
  Image image_;
};

}  // namespace dqnd
