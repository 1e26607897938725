#include "viewer/ctl/half_blocks.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <iterator>
#include <optional>

namespace dqnd {
namespace {

constexpr const char* kUpperHalfBlock = "\xe2\x96\x80";
constexpr const char* kOwnColours = "\x1b[0m";
constexpr double kFlattest = 1.0 / 16;
constexpr double kTallest = 16;

int SquareOfDistance(Rgb one, Rgb other) {
  const int red = one.red - other.red;
  const int green = one.green - other.green;
  const int blue = one.blue - other.blue;
  return red * red + green * green + blue * blue;
}

// `layer` is 38 for the foreground, 48 for the background.
void AppendColour(int layer, Rgb colour, ColourDepth depth, std::string& line) {
  if (depth == ColourDepth::kTrueColour) {
    fmt::format_to(std::back_inserter(line), "\x1b[{};2;{};{};{}m", layer, colour.red, colour.green,
                   colour.blue);
  } else {
    fmt::format_to(std::back_inserter(line), "\x1b[{};5;{}m", layer, NearestOf256(colour));
  }
}

// The mean colour of the picture's pixels from (left, top) up to (right, bottom).
Rgb Mean(const RgbaPicture& picture, int64_t left, int64_t right, int64_t top, int64_t bottom) {
  std::array<int64_t, 3> sums = {};
  for (int64_t y = top; y < bottom; ++y) {
    const uint8_t* pixel = picture.rgba.data() + (y * picture.width + left) * 4;
    for (int64_t x = left; x < right; ++x, pixel += 4) {
      for (size_t channel = 0; channel < sums.size(); ++channel) sums[channel] += pixel[channel];
    }
  }
  const int64_t count = (right - left) * (bottom - top);
  const auto mean = [count](int64_t sum) {
    return static_cast<uint8_t>((sum + count / 2) / count);
  };
  return {mean(sums[0]), mean(sums[1]), mean(sums[2])};
}

}  // namespace

PixelGrid FitInto(const RgbaPicture& picture, double pixel_aspect, const TerminalSize& size) {
  const double aspect = pixel_aspect >= kFlattest && pixel_aspect <= kTallest ? pixel_aspect : 1.0;
  // In pixels of equal height and width.
  const double width = picture.width / aspect;
  const double height = picture.height;
  double scale = std::min(size.columns / width, 2.0 * size.rows / height);
  if (scale > 1) scale = std::floor(scale);
  const auto length = [scale](double pixels, int most) {
    return std::clamp(static_cast<int>(std::lround(pixels * scale)), 1, std::max(1, most));
  };
  const int rows = length(height, 2 * size.rows);
  return {length(width, size.columns), rows + rows % 2};
}

Canvas ScaledTo(const PixelGrid& grid, const RgbaPicture& picture) {
  Canvas canvas(grid.columns, grid.rows);
  if (picture.width < 1 || picture.height < 1) return canvas;
  for (int y = 0; y < grid.rows; ++y) {
    const int64_t top = int64_t{y} * picture.height / grid.rows;
    const int64_t bottom = std::max(top + 1, (int64_t{y} + 1) * picture.height / grid.rows);
    for (int x = 0; x < grid.columns; ++x) {
      const int64_t left = int64_t{x} * picture.width / grid.columns;
      const int64_t right = std::max(left + 1, (int64_t{x} + 1) * picture.width / grid.columns);
      canvas.Fill({x, y, 1, 1}, Mean(picture, left, right, top, bottom));
    }
  }
  return canvas;
}

std::vector<std::string> HalfBlockLines(const Canvas& canvas, ColourDepth depth) {
  std::vector<std::string> lines;
  for (int y = 0; y + 1 < canvas.height(); y += 2) {
    std::string& line = lines.emplace_back();
    std::optional<Rgb> foreground;
    std::optional<Rgb> background;
    for (int x = 0; x < canvas.width(); ++x) {
      const Rgb upper = canvas.at(x, y);
      const Rgb lower = canvas.at(x, y + 1);
      if (foreground != upper) AppendColour(38, upper, depth, line);
      if (background != lower) AppendColour(48, lower, depth, line);
      foreground = upper;
      background = lower;
      line += kUpperHalfBlock;
    }
    line += kOwnColours;
  }
  return lines;
}

int NearestOf256(Rgb colour) {
  constexpr std::array<uint8_t, 6> kLevels = {0, 95, 135, 175, 215, 255};
  const auto level = [&kLevels](uint8_t value) {
    const auto* const nearest = std::min_element(
        kLevels.begin(), kLevels.end(),
        [value](uint8_t a, uint8_t b) { return std::abs(a - value) < std::abs(b - value); });
    return static_cast<int>(nearest - kLevels.begin());
  };
  const int red = level(colour.red);
  const int green = level(colour.green);
  const int blue = level(colour.blue);
  const Rgb of_cube = {kLevels[static_cast<size_t>(red)], kLevels[static_cast<size_t>(green)],
                       kLevels[static_cast<size_t>(blue)]};

  // 24 grays: 8, 18, ... 238.
  const int mean = (colour.red + colour.green + colour.blue) / 3;
  const int step = std::clamp((mean - 8 + 5) / 10, 0, 23);
  const auto value = static_cast<uint8_t>(8 + 10 * step);
  const Rgb gray = {value, value, value};
  return SquareOfDistance(colour, gray) < SquareOfDistance(colour, of_cube)
             ? 232 + step
             : 16 + 36 * red + 6 * green + blue;
}

}  // namespace dqnd
