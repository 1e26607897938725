#include "env_bridge/drawing/canvas.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numbers>

namespace dqnd {

Canvas::Canvas(Image& image, int width, int height, const Paints& paints)
    : image_(image), paints_(paints) {
  assert(width <= kMaxWidth);
  image.SetIndexed(width, height, paints.palette());
  std::ranges::fill(image.pixels, uint8_t{0});
}

// Row by row, and within a row by Green's theorem: an edge that comes down covers all that is to
// its right, and one that goes up takes it away again. Exact for the area of every pixel, whatever
// the number of edges in it.
void Canvas::FillPolygon(std::span<const Point> corners, uint8_t colour) {
  const auto [leftmost, rightmost] = std::ranges::minmax(corners, {}, &Point::x);
  const auto [topmost, bottommost] = std::ranges::minmax(corners, {}, &Point::y);
  const int left = std::max(0, static_cast<int>(std::floor(leftmost.x)));
  const int right = std::min(image_.width, static_cast<int>(std::ceil(rightmost.x)));
  const int top = std::max(0, static_cast<int>(std::floor(topmost.y)));
  const int bottom = std::min(image_.height, static_cast<int>(std::ceil(bottommost.y)));
  if (left >= right) return;
  for (int row = top; row < bottom; ++row) {
    std::fill(change_.begin() + left, change_.begin() + right + 2, 0.0f);
    Point from = corners.back();
    for (const Point to : corners) {
      AddEdge(from, to, row);
      from = to;
    }
    BlendRow(row, left, right, colour);
  }
}

// Adds to `change_` what the part of the edge within the row covers.
void Canvas::AddEdge(Point from, Point to, int row) {
  const double from_y = std::clamp<double>(from.y, row, row + 1);
  const double to_y = std::clamp<double>(to.y, row, row + 1);
  const double drop = to_y - from_y;  // negative when it goes up
  if (drop == 0) return;
  const auto x_at = [&](double y) {
    const double x = from.x + (to.x - from.x) * (y - from.y) / (to.y - from.y);
    return std::clamp<double>(x, 0, image_.width);
  };
  const auto [left, right] = std::minmax({x_at(from_y), x_at(to_y)});
  for (int column = static_cast<int>(left); column <= static_cast<int>(right); ++column) {
    const double enters = std::max<double>(left, column);
    const double leaves = std::min<double>(right, column + 1);
    const double part = left == right ? drop : drop * (leaves - enters) / (right - left);
    const double to_its_right = column + 1 - (enters + leaves) / 2;
    change_[column] += static_cast<float>(part * to_its_right);
    change_[column + 1] += static_cast<float>(part * (1 - to_its_right));
  }
}

// Whole runs of columns at once, since coverage changes only where there is an edge.
void Canvas::BlendRow(int row, int left, int right, uint8_t colour) {
  uint8_t* pixels = image_.pixels.data() + static_cast<size_t>(row) * image_.width;
  float covered = 0;
  int end = left;
  for (int column = left; column < right; column = end) {
    covered += change_[column];
    end = column + 1;
    while (end < right && change_[end] == 0) ++end;
    const float part = std::min(std::abs(covered), 1.0f);
    const auto sixteenths = static_cast<int>(std::lround(part * Paints::kFull));
    if (sixteenths == 0) continue;
    for (int i = column; i < end; ++i) pixels[i] = paints_.Over(pixels[i], colour, sixteenths);
  }
}

// As a polygon, which with so many corners is off by 0.1 % of the radius.
void Canvas::FillCircle(Point centre, double radius, uint8_t colour) {
  std::array<Point, 64> corners;
  for (size_t i = 0; i < corners.size(); ++i) {
    const double angle = 2 * std::numbers::pi * static_cast<double>(i) / corners.size();
    corners[i] = {centre.x + radius * std::cos(angle), centre.y + radius * std::sin(angle)};
  }
  FillPolygon(corners, colour);
}

void Canvas::DrawLine(Point from, Point to, double width, uint8_t colour) {
  const double length = std::hypot(to.x - from.x, to.y - from.y);
  if (length == 0) return;
  const Point aside = {(from.y - to.y) / length * width / 2, (to.x - from.x) / length * width / 2};
  const std::array<Point, 4> corners = {{{from.x + aside.x, from.y + aside.y},
                                         {to.x + aside.x, to.y + aside.y},
                                         {to.x - aside.x, to.y - aside.y},
                                         {from.x - aside.x, from.y - aside.y}}};
  FillPolygon(corners, colour);
}

}  // namespace dqnd
