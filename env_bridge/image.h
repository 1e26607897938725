#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace dqnd {

// A picture for people, row-major from the top left corner. Most games have few colours, so that a
// pixel is a number and the palette says what it looks like; that is also what makes pictures small
// on their way to a viewer.
struct Image {
  int width = 0;   // pixels
  int height = 0;  // pixels

  // [colours, 3]: red, green, blue; at most 256 colours. Empty when the pixels are colours
  // themselves.
  std::vector<uint8_t> palette;

  // [height, width] numbers into the palette, or [height, width, 3] red, green, blue without one.
  std::vector<uint8_t> pixels;

  int channels() const { return palette.empty() ? 3 : 1; }

  // Makes it a picture of numbers into `colours`, [colours, 3]; the pixels are for the caller to
  // write. Allocates nothing when it was such a picture of this size before.
  void SetIndexed(int new_width, int new_height, std::span<const uint8_t> colours) {
    width = new_width;
    height = new_height;
    palette.assign(colours.begin(), colours.end());
    pixels.resize(static_cast<size_t>(width) * height);
  }

  friend bool operator==(const Image&, const Image&) = default;
};

}  // namespace dqnd
