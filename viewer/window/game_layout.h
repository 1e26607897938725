#pragma once

namespace dqnd {

// Where a picture lies within an area, in pixels of the screen.
struct GameLayout {
  float x = 0;
  float y = 0;
  float width = 0;
  float height = 0;
};

// The largest rectangle in the middle of the area that has the picture's shape, with whole screen
// pixels for each picture pixel where that costs little of the size: along both sides where pixels
// are square, along the height otherwise. `pixel_aspect` is a pixel's height over its width; values
// that no screen has count as 1. Empty when the area or the picture is.
GameLayout FitGame(int picture_width, int picture_height, double pixel_aspect, float area_x,
                   float area_y, float area_width, float area_height);

}  // namespace dqnd
