#pragma once

#include <cstdint>
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
  friend bool operator==(const Image&, const Image&) = default;
};

}  // namespace dqnd
