#include "viewer/window/large_area.h"

#include <SDL.h>
#include <imgui_impl_sdlrenderer2.h>

#include <cmath>

namespace dqnd {
namespace {

struct Band {
  SDL_FRect area;
  SDL_Color colour;
};

// Called while the frame is rendered, in the order of what was drawn.
void RenderBand(const ImDrawList* /*list*/, const ImDrawCmd* command) {
  const auto& band = *static_cast<const Band*>(command->UserCallbackData);
  SDL_Renderer* renderer = static_cast<const ImGui_ImplSDLRenderer2_RenderState*>(
                               ImGui::GetPlatformIO().Renderer_RenderState)
                               ->Renderer;
  const ImVec4& clip = command->ClipRect;
  const SDL_FRect clip_area = {clip.x, clip.y, clip.z - clip.x, clip.w - clip.y};
  SDL_FRect visible;
  if (SDL_IntersectFRect(&band.area, &clip_area, &visible) == SDL_FALSE) return;
  SDL_RenderSetClipRect(renderer, nullptr);
  SDL_SetRenderDrawBlendMode(renderer, SDL_BLENDMODE_NONE);
  SDL_SetRenderDrawColor(renderer, band.colour.r, band.colour.g, band.colour.b, 255);
  SDL_RenderFillRectF(renderer, &visible);
}

}  // namespace

void FillLargeArea(ImVec2 begin, ImVec2 end, ImU32 colour, float rounding) {
  ImDrawList& list = *ImGui::GetWindowDrawList();
  // Between the rounded ends lies a plain band.
  const float top = std::ceil(begin.y + rounding);
  const float bottom = std::floor(end.y - rounding);
  if (bottom <= top) {
    list.AddRectFilled(begin, end, colour, rounding);
    return;
  }
  list.AddRectFilled(begin, ImVec2(end.x, top), colour, rounding, ImDrawFlags_RoundCornersTop);
  list.AddRectFilled(ImVec2(begin.x, bottom), end, colour, rounding,
                     ImDrawFlags_RoundCornersBottom);
  const auto part = [colour](int shift) { return static_cast<Uint8>(colour >> shift); };
  Band band = {{begin.x, top, end.x - begin.x, bottom - top},
               {part(IM_COL32_R_SHIFT), part(IM_COL32_G_SHIFT), part(IM_COL32_B_SHIFT), 255}};
  list.AddCallback(RenderBand, &band, sizeof band);
}

}  // namespace dqnd
