#include "env_bridge/drawing/canvas.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numbers>
#include <utility>

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
  assert(corners.size() <= kMaxCorners);
  size_t edges = 0;
  double topmost = image_.height, bottommost = 0;
  Point from = corners.back();
  for (const Point to : corners) {
    const auto [upper, lower] = std::minmax(from, to, [](Point a, Point b) { return a.y < b.y; });
    if (upper.y < lower.y && lower.y > 0 && upper.y < image_.height) {
      edges_[edges++] = {upper, lower.y, (lower.x - upper.x) / (lower.y - upper.y),
                         from.y < to.y ? 1.0 : -1.0};
      topmost = std::min(topmost, upper.y);
      bottommost = std::max(bottommost, lower.y);
    }
    from = to;
  }
  const int top = std::max(0, static_cast<int>(topmost));
  const int bottom = std::min(image_.height, static_cast<int>(std::ceil(bottommost)));
  for (int row = top; row < bottom; ++row) {
    for (const Edge& edge : std::span(edges_.data(), edges)) {
      if (edge.upper.y < row + 1 && edge.bottom > row) AddEdge(edge, row);
    }
    BlendRow(row, colour);
  }
}

// Adds to `change_` what the part of the edge within the row covers.
void Canvas::AddEdge(const Edge& edge, int row) {
  const double top = std::max<double>(edge.upper.y, row);
  const double bottom = std::min<double>(edge.bottom, row + 1);
  const auto x_at = [&](double y) {
    return std::clamp<double>(edge.upper.x + edge.slope * (y - edge.upper.y), 0, image_.width);
  };
  const double drop = edge.direction * (bottom - top);
  const auto [left, right] = std::minmax({x_at(top), x_at(bottom)});
  const int first = static_cast<int>(left), last = static_cast<int>(right);
  const double drop_of_a_pixel = first == last ? 0 : drop / (right - left);
  for (int column = first; column <= last; ++column) {
    const double enters = std::max<double>(left, column);
    const double leaves = std::min<double>(right, column + 1);
    const double part = first == last ? drop : drop_of_a_pixel * (leaves - enters);
    const double to_its_right = column + 1 - (enters + leaves) / 2;
    change_[column] += static_cast<float>(part * to_its_right);
    change_[column + 1] += static_cast<float>(part * (1 - to_its_right));
  }
  changed_from_ = std::min(changed_from_, first);
  changed_to_ = std::max(changed_to_, last + 2);
}

// Whole runs of columns at once, since coverage changes only where there is an edge.
void Canvas::BlendRow(int row, uint8_t colour) {
  uint8_t* pixels = image_.pixels.data() + static_cast<size_t>(row) * image_.width;
  float covered = 0;
  int end = 0;
  for (int column = changed_from_; column < changed_to_; column = end) {
    covered += std::exchange(change_[column], 0.0f);
    end = column + 1;
    while (end < changed_to_ && change_[end] == 0) ++end;
    const float part = std::min(std::abs(covered), 1.0f);
    const auto sixteenths = static_cast<int>(std::lrint(part * Paints::kFull));
    const int right = std::min(end, image_.width);
    if (sixteenths == Paints::kFull) {
      for (int i = column; i < right; ++i) pixels[i] = colour;
    } else if (sixteenths > 0) {
      for (int i = column; i < right; ++i) pixels[i] = paints_.Over(pixels[i], colour, sixteenths);
    }
  }
  changed_from_ = kMaxWidth;
  changed_to_ = 0;
}

// As a polygon of the circle's area, which is off by 0.6 % of the radius at most.
void Canvas::FillCircle(Point centre, double radius, uint8_t colour) {
  constexpr int kCorners = 24;
  static const std::array<Point, kCorners> kOfRadius1 = [] {
    constexpr double kStep = 2 * std::numbers::pi / kCorners;
    const double outwards = std::sqrt(kStep / std::sin(kStep));
    std::array<Point, kCorners> corners;
    for (int i = 0; i < kCorners; ++i) {
      corners[i] = {outwards * std::cos(kStep * i), outwards * std::sin(kStep * i)};
    }
    return corners;
  }();
  std::array<Point, kCorners> corners = kOfRadius1;
  for (Point& corner : corners) {
    corner = {centre.x + radius * corner.x, centre.y + radius * corner.y};
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
