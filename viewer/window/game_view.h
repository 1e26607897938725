#pragma once

#include <SDL.h>
#include <imgui.h>

#include <memory>

#include "viewer/client/moment_decoder.h"
#include "viewer/window/game_layout.h"
#include "viewer/window/texture.h"
#include "viewer/window/theme.h"

namespace dqnd {

// The game, large and sharp. A scale that is no whole number is reached in two passes, pixel by
// pixel to the next larger whole one and smoothly back from there: edges stay sharp and all pixels
// look equally wide.
class GameView {
 public:
  explicit GameView(SDL_Renderer* renderer);

  // Draws into the area (screen pixels) what the moment shows; with `saliency`, its map over it.
  void Draw(const Theme& theme, const DecodedMoment& moment, double pixel_aspect, bool saliency,
            ImVec2 at, ImVec2 size);

 private:
  void Prescale(const GameLayout& layout);

  SDL_Renderer* const renderer_;
  std::shared_ptr<const RgbaPicture> picture_;
  std::shared_ptr<const v1::SaliencyMap> map_;
  Texture sharp_;
  Texture prescaled_;
  Texture heat_;
};

// A saliency map as red, green, blue and alpha, for drawing over what it is about.
void HeatPixels(const v1::SaliencyMap& map, std::vector<uint8_t>& rgba);

}  // namespace dqnd
