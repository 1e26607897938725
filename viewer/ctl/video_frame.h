#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dqnd/v1/environment.pb.h"
#include "dqnd/v1/moment.pb.h"
#include "viewer/client/picture_decoder.h"
#include "viewer/ctl/canvas.h"

namespace dqnd {

// By how much a picture grows in a video, in whole numbers, so that it stays sharp.
struct PixelScale {
  int across = 1;
  int down = 1;

  friend bool operator==(const PixelScale&, const PixelScale&) = default;
};

// At least 480 pixels high and, where that does not do already, less than 960; within that range as
// small as brings the shape of a pixel (height over width) within a twentieth of `pixel_aspect`,
// otherwise as close as possible. No wider than 8192 pixels, or than the picture.
// REQUIRES: both sides are at least 1.
PixelScale ScaleFor(int width, int height, double pixel_aspect);

// What the panel beside the game says besides the newest step.
struct PanelState {
  std::optional<v1::Step> step;
  int64_t game = 1;  // which of the recording
};

// Draws the frames of a video: the game, and with an overlay a panel at its right side with the
// return, the action's names, and a bar for each Q-value; the chosen action is marked, in another
// colour where chance or a person chose it. Bars span the Q-values that were seen so far.
//
// Owned and called by one thread.
class VideoFrame {
 public:
  // For pictures of that size; later ones of another size are stretched to it.
  VideoFrame(const v1::EnvironmentSpec& environment, int picture_width, int picture_height,
             bool overlay);

  // Even; the same for all frames.
  int width() const { return canvas_.width(); }
  int height() const { return canvas_.height(); }

  // The frame, until the next call.
  const Canvas& Draw(const RgbaPicture& picture, const PanelState& panel);

 private:
  void DrawPanel(const PanelState& panel);
  void DrawAction(const v1::Step& step, int action, int y);
  std::string ActionName(int action) const;

  const std::vector<std::string> action_names_;
  const bool overlay_;
  const Rectangle game_;
  Canvas canvas_;
  // Of all Q-values that were drawn; least > most before the first.
  float least_q_ = 1;
  float most_q_ = 0;
};

}  // namespace dqnd
