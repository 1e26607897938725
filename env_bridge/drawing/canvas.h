#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "env_bridge/drawing/paints.h"
#include "env_bridge/image.h"

namespace dqnd {

// In pixels from the picture's top left corner: x to the right, y down. The pixel in column i of
// row j is the square from (i, j) to (i + 1, j + 1).
struct Point {
  double x = 0;
  double y = 0;
};

// Draws shapes into an image, each pixel to the part of it that the shape covers. What lies outside
// of the picture is cut off. Allocates nothing, unless the image was of another size before.
class Canvas {
 public:
  static constexpr int kMaxWidth = 640;
  static constexpr size_t kMaxCorners = 160;

  // Makes `image` a picture of width x height pixels of `paints`' colour 0. Both must outlive the
  // canvas. REQUIRES: width <= kMaxWidth.
  Canvas(Image& image, int width, int height, const Paints& paints);

  // Draws on over what was drawn with the same paints.
  Canvas(Image& drawing, const Paints& paints) : image_(drawing), paints_(paints) {}

  // The polygon between `corners`, in either direction; it may be concave but must not cross
  // itself. REQUIRES: 1 to kMaxCorners corners.
  void FillPolygon(std::span<const Point> corners, uint8_t colour);

  void FillCircle(Point centre, double radius, uint8_t colour);

  // A stroke `width` pixels wide that ends square at both ends.
  void DrawLine(Point from, Point to, double width, uint8_t colour);

 private:
  // From its upper end down to the height `bottom`.
  struct Edge {
    Point upper;
    double bottom;
    double slope;      // columns a row
    double direction;  // 1 where the polygon's border comes down, -1 where it goes up
  };

  void AddEdge(const Edge& edge, int row);
  void BlendRow(int row, uint8_t colour);

  Image& image_;
  const Paints& paints_;

  std::array<Edge, kMaxCorners> edges_;

  // Of the row being filled: how much more of each column is covered than of the one before it.
  // All 0 outside of columns [changed_from_, changed_to_).
  std::array<float, kMaxWidth + 2> change_{};
  int changed_from_ = kMaxWidth;
  int changed_to_ = 0;
};

}  // namespace dqnd
