#pragma once

#include <functional>
#include <string>
#include <vector>

#include "viewer/client/moment_decoder.h"
#include "viewer/window/game_view.h"
#include "viewer/window/theme.h"

namespace dqnd {

// What the large card shows: the game, what lies over it, and a row of controls below.
struct StageContent {
  const DecodedMoment* moment = nullptr;  // null: nothing yet
  double pixel_aspect = 1;
  bool saliency = false;
  std::string empty_text;  // where there is no picture
  std::string banner;      // across the top; empty: none
  ImU32 banner_colour = 0;
  std::string toast;  // over the bottom; empty: none
  struct Badge {
    std::string text;
    ImU32 colour = 0;
  };
  std::vector<Badge> badges;  // in the upper right corner
  std::function<void()> controls;
};

void DrawStage(const Theme& theme, GameView& view, const StageContent& content, float width,
               float height);

}  // namespace dqnd
