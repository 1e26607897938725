#include "viewer/ctl/canvas.h"

#include <algorithm>

#include "viewer/ctl/glyphs.h"

namespace dqnd {
namespace {

constexpr size_t kChannels = 3;

}  // namespace

Canvas::Canvas(int width, int height)
    : width_(width),
      height_(height),
      pixels_(static_cast<size_t>(width) * static_cast<size_t>(height) * kChannels) {}

Rgb Canvas::at(int x, int y) const {
  const uint8_t* pixel =
      pixels_.data() +
      (static_cast<size_t>(y) * static_cast<size_t>(width_) + static_cast<size_t>(x)) * kChannels;
  return {pixel[0], pixel[1], pixel[2]};
}

void Canvas::Fill(const Rectangle& part, Rgb colour) {
  const int left = std::max(0, part.x);
  const int right = std::min(width_, part.x + part.width);
  for (int y = std::max(0, part.y); y < std::min(height_, part.y + part.height); ++y) {
    uint8_t* pixel = pixels_.data() + (static_cast<size_t>(y) * static_cast<size_t>(width_) +
                                       static_cast<size_t>(left)) *
                                          kChannels;
    for (int x = left; x < right; ++x) {
      *pixel++ = colour.red;
      *pixel++ = colour.green;
      *pixel++ = colour.blue;
    }
  }
}

void Canvas::DrawPicture(const RgbaPicture& picture, const Rectangle& part) {
  if (picture.width < 1 || picture.height < 1) return;
  const int left = std::max(0, part.x);
  const int right = std::min(width_, part.x + part.width);
  for (int y = std::max(0, part.y); y < std::min(height_, part.y + part.height); ++y) {
    const int64_t row = int64_t{y - part.y} * picture.height / part.height;
    const uint8_t* source = picture.rgba.data() + row * picture.width * 4;
    uint8_t* pixel = pixels_.data() + (static_cast<size_t>(y) * static_cast<size_t>(width_) +
                                       static_cast<size_t>(left)) *
                                          kChannels;
    for (int x = left; x < right; ++x) {
      const int64_t column = int64_t{x - part.x} * picture.width / part.width;
      pixel = std::copy_n(source + column * 4, kChannels, pixel);
    }
  }
}

void Canvas::DrawText(std::string_view text, int x, int y, int scale, Rgb colour, int max_width) {
  for (const char c : text) {
    const int glyph_width = Glyph::kWidth * scale;
    if (glyph_width > max_width) return;
    const Glyph glyph = GlyphOf(c);
    for (int row = 0; row < Glyph::kHeight; ++row) {
      for (int column = 0; column < Glyph::kWidth; ++column) {
        if (!glyph.dot(column, row)) continue;
        Fill({x + column * scale, y + row * scale, scale, scale}, colour);
      }
    }
    x += Glyph::kAdvance * scale;
    max_width -= Glyph::kAdvance * scale;
  }
}

}  // namespace dqnd
