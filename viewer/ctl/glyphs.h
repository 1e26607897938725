#pragma once

#include <string_view>

namespace dqnd {

// A character of the built-in font: capitals, digits and marks of 5x7 dots, as the consoles had
// whose games it labels.
struct Glyph {
  static constexpr int kWidth = 5;        // dots
  static constexpr int kHeight = 7;       // dots
  static constexpr int kAdvance = 6;      // dots from one character to the next
  static constexpr int kLineHeight = 10;  // dots from one line to the next

  // [kHeight] rows of kWidth dots, '#' where there is one, a space between rows.
  std::string_view rows;

  // REQUIRES: 0 <= column < kWidth, 0 <= row < kHeight.
  bool dot(int column, int row) const {
    return rows[static_cast<size_t>(row) * (kWidth + 1) + static_cast<size_t>(column)] == '#';
  }
};

// Lower-case letters are drawn as capitals, characters that the font does not have as a box.
Glyph GlyphOf(char character);

}  // namespace dqnd
