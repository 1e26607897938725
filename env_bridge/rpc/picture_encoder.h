#pragma once

#include <cstdint>
#include <vector>

#include "dqnd/v1/moment.pb.h"
#include "env_bridge/image.h"

namespace dqnd {

// Compresses the pictures of one stream: what changed since the picture before (XOR), by LZ4. Games
// change few pixels from one picture to the next, so that what is left is mostly zeros. Not safe
// for use by several threads at once.
class PictureEncoder {
 public:
  // One in so many pictures is a key picture, so that a recording can be entered anywhere.
  static constexpr int kPicturesPerKey = 120;

  // Fills `picture`. A key picture is made where size or colours changed, too.
  void Encode(const Image& image, v1::Picture& picture);

 private:
  Image previous_;
  std::vector<uint8_t> changes_;
  int since_key_ = kPicturesPerKey;
};

}  // namespace dqnd
