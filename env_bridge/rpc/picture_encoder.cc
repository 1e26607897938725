#include "env_bridge/rpc/picture_encoder.h"

#include "env_bridge/rpc/lz4_block.h"

namespace dqnd {

void PictureEncoder::Encode(const Image& image, v1::Picture& picture) {
  const bool key = since_key_ >= kPicturesPerKey || image.width != previous_.width ||
                   image.height != previous_.height || image.palette != previous_.palette;
  since_key_ = key ? 1 : since_key_ + 1;
  picture.set_width_pixels(image.width);
  picture.set_height_pixels(image.height);
  picture.set_pixel_format(image.palette.empty() ? v1::PIXEL_FORMAT_RGB : v1::PIXEL_FORMAT_INDEXED);
  picture.set_key(key);
  if (key) {
    picture.set_palette_rgb(image.palette.data(), image.palette.size());
    CompressLz4(image.pixels, *picture.mutable_pixels_lz4());
  } else {
    changes_.resize(image.pixels.size());
    for (size_t i = 0; i < changes_.size(); ++i) {
      changes_[i] = image.pixels[i] ^ previous_.pixels[i];
    }
    CompressLz4(changes_, *picture.mutable_pixels_lz4());
  }
  previous_ = image;
}

}  // namespace dqnd
