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

  // Makes `image` a picture of width x height pixels of `paints`' colour 0. Both must outlive the
  // canvas. REQUIRES: width <= kMaxWidth.
  Canvas(Image& image, int width, int height, const Paints& paints);

  // The polygon between `corners`, in either direction; it may be concave but must not cross
  // itself. REQUIRES: at least one corner.
  void FillPolygon(std::span<const Point> corners, uint8_t colour);

  void FillCircle(Point centre, double radius, uint8_t colour);

  // A stroke `width` pixels wide that ends square at both ends.
  void DrawLine(Point from, Point to, double width, uint8_t colour);

 private:
  void AddEdge(Point from, Point to, int row);
  void BlendRow(int row, int left, int right, uint8_t colour);

  Image& image_;
  const Paints& paints_;

  // Of the row being filled: how much more of each column is covered than of the one before it.
  std::array<float, kMaxWidth + 2> change_{};
};

}  // namespace dqnd
