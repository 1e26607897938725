#include "viewer/window/game_layout.h"

#include <algorithm>
#include <cmath>

namespace dqnd {
namespace {

// A whole scale is taken when it gives at least so much of the size that would fit.
constexpr double kWorthBeingSharp = 0.75;

}  // namespace

GameLayout FitGame(int picture_width, int picture_height, double pixel_aspect, float area_x,
                   float area_y, float area_width, float area_height) {
  if (picture_width < 1 || picture_height < 1 || !(area_width >= 1) || !(area_height >= 1)) {
    return {area_x, area_y, 0, 0};
  }
  const double aspect = pixel_aspect > 0.1 && pixel_aspect < 10 ? pixel_aspect : 1;
  // Of a picture whose pixels are one screen pixel high.
  const double natural_width = picture_width / aspect;
  const double natural_height = picture_height;
  double scale = std::min(area_width / natural_width, area_height / natural_height);
  const double whole = std::floor(scale);
  if (whole >= 1 && whole >= scale * kWorthBeingSharp) scale = whole;
  const double width = std::max(1.0, std::round(natural_width * scale));
  const double height = std::max(1.0, std::round(natural_height * scale));
  return {static_cast<float>(std::floor(area_x + (area_width - width) / 2)),
          static_cast<float>(std::floor(area_y + (area_height - height) / 2)),
          static_cast<float>(width), static_cast<float>(height)};
}

}  // namespace dqnd
