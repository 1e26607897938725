#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "viewer/client/picture_decoder.h"

namespace dqnd {

struct Rgb {
  uint8_t red = 0;
  uint8_t green = 0;
  uint8_t blue = 0;

  friend bool operator==(const Rgb&, const Rgb&) = default;
};

// A part of a canvas, in pixels from its top left corner. May reach beyond it.
struct Rectangle {
  int x = 0;
  int y = 0;
  int width = 0;
  int height = 0;
};

// A picture that software draws: no display, no library. What is drawn outside is cut off.
//
// Owned and called by one thread.
class Canvas {
 public:
  // Black. REQUIRES: both are at least 1.
  Canvas(int width, int height);

  int width() const { return width_; }
  int height() const { return height_; }
  // [height, width, 3]: red, green, blue.
  const std::vector<uint8_t>& pixels() const { return pixels_; }
  // REQUIRES: within the canvas.
  Rgb at(int x, int y) const;

  void Fill(const Rectangle& part, Rgb colour);

  // Stretches a picture over `part`, each pixel as a block: sharp where the part is a whole
  // multiple of the picture. A picture without pixels leaves the canvas as it is.
  void DrawPicture(const RgbaPicture& picture, const Rectangle& part);

  // One line in the font of glyphs.h, its top left corner at (x, y), each dot `scale` pixels wide
  // and high; no wider than `max_width` pixels: characters that do not fit are left out.
  void DrawText(std::string_view text, int x, int y, int scale, Rgb colour, int max_width);

 private:
  const int width_;
  const int height_;
  std::vector<uint8_t> pixels_;
};

}  // namespace dqnd
