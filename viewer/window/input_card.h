#pragma once

#include <SDL.h>

#include <memory>
#include <vector>

#include "viewer/client/moment_decoder.h"
#include "viewer/window/texture.h"
#include "viewer/window/theme.h"

namespace dqnd {

// What the network sees: the stacked observations from the oldest to the newest, and what matters
// in them.
class InputCard {
 public:
  explicit InputCard(SDL_Renderer* renderer);

  // Returns whether the saliency switch was clicked. `moment` may be null.
  bool Draw(const Theme& theme, const DecodedMoment* moment, bool saliency, float width);

 private:
  void Update(const std::shared_ptr<const DecodedInput>& input);
  void DrawTiles(const Theme& theme, const DecodedMoment& moment, bool saliency);
  void DrawVector(const Theme& theme, const DecodedInput& input);

  std::shared_ptr<const DecodedInput> input_;
  std::shared_ptr<const v1::SaliencyMap> map_;
  int tiles_ = 0;
  Texture pixels_;  // the tiles side by side
  Texture heat_;
};

// The observations of an input as pictures side by side, [height, tiles * width, 4]: one gray
// picture for each observation of one channel, one coloured picture (a hue for each channel) for
// those of several. At most 8 of the newest observations.
struct InputPicture {
  int tiles = 0;
  int width = 0;   // of all tiles, in pixels
  int height = 0;  // pixels
  std::vector<uint8_t> rgba;
};
InputPicture DrawInput(const DecodedInput& input);

}  // namespace dqnd
