#pragma once

#include <string>
#include <vector>

#include "viewer/client/picture_decoder.h"
#include "viewer/ctl/canvas.h"
#include "viewer/ctl/terminal.h"

namespace dqnd {

// A picture in characters: each is the upper half block, whose foreground is one pixel and whose
// background the one below it, so that a window of 80x24 characters shows 80x48 pixels, which are
// about square.
//
// `pixel_aspect` is the shape of the picture's pixels, height over width, as EnvironmentSpec has
// it. The picture keeps its shape and is as large as fits into `size`: larger ones are averaged
// down, small ones grow by a whole number.

// How large a picture then is: its pixels, of which every second row begins a line. At least 1x2;
// `rows` is even.
struct PixelGrid {
  int columns = 0;
  int rows = 0;

  friend bool operator==(const PixelGrid&, const PixelGrid&) = default;
};
PixelGrid FitInto(const RgbaPicture& picture, double pixel_aspect, const TerminalSize& size);

// The picture in that many pixels, each the mean of those that it covers.
Canvas ScaledTo(const PixelGrid& grid, const RgbaPicture& picture);

// One string a line of characters, top to bottom, each with all its colours and a return to the
// terminal's own at its end.
std::vector<std::string> HalfBlockLines(const Canvas& canvas, ColourDepth depth);

// The nearest of the 240 colours of a terminal with 256 that every terminal shows alike: the cube
// of 6x6x6 (16 to 231) and the grays (232 to 255).
int NearestOf256(Rgb colour);

}  // namespace dqnd
