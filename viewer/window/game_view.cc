#include "viewer/window/game_view.h"

#include <algorithm>
#include <cmath>

#include "viewer/window/widgets.h"

namespace dqnd {
namespace {

constexpr int kMaxPrescaledSide = 4096;

}  // namespace

void HeatPixels(const v1::SaliencyMap& map, std::vector<uint8_t>& rgba) {
  const std::string& strength = map.strength();
  rgba.resize(strength.size() * 4);
  for (size_t i = 0; i < strength.size(); ++i) {
    const auto value = static_cast<uint8_t>(strength[i]);
    rgba[i * 4] = 255;
    rgba[i * 4 + 1] = static_cast<uint8_t>(40 + value * 150 / 255);
    rgba[i * 4 + 2] = static_cast<uint8_t>(130 - value * 90 / 255);
    rgba[i * 4 + 3] = static_cast<uint8_t>(value * 200 / 255);
  }
}

GameView::GameView(SDL_Renderer* renderer)
    : renderer_(renderer),
      sharp_(renderer, Texture::Kind::kSharp),
      prescaled_(renderer, Texture::Kind::kTarget),
      heat_(renderer, Texture::Kind::kSmooth) {}

void GameView::Draw(const Theme& theme, const DecodedMoment& moment, double pixel_aspect,
                    bool saliency, ImVec2 at, ImVec2 size) {
  if (moment.picture == nullptr) return;
  const RgbaPicture& picture = *moment.picture;
  const GameLayout layout =
      FitGame(picture.width, picture.height, pixel_aspect, at.x, at.y, size.x, size.y);
  if (layout.width < 1 || layout.height < 1) return;
  if (moment.picture != picture_) {
    picture_ = moment.picture;
    sharp_.SetPixels(picture.width, picture.height, picture.rgba);
  }
  ImDrawList& list = *ImGui::GetWindowDrawList();
  const ImVec2 begin(layout.x, layout.y);
  const ImVec2 end(layout.x + layout.width, layout.y + layout.height);
  if (sharp_.empty()) {
    list.AddText(at, theme.colours().muted,
                 "This picture is larger than the graphics card allows.");
    return;
  }
  Prescale(layout);
  list.AddImage(prescaled_.empty() ? sharp_.id() : prescaled_.id(), begin, end);
  if (!saliency || moment.saliency == nullptr) return;
  if (moment.saliency != map_) {
    map_ = moment.saliency;
    std::vector<uint8_t> pixels;
    HeatPixels(*map_, pixels);
    heat_.SetPixels(map_->width(), map_->height(), pixels);
  }
  if (!heat_.empty()) list.AddImage(heat_.id(), begin, end);
}

void GameView::Prescale(const GameLayout& layout) {
  const ImVec2 fine = ImGui::GetIO().DisplayFramebufferScale;
  const auto times = [](float shown, int pixels) {
    const int whole = static_cast<int>(std::ceil(shown / static_cast<float>(pixels) - 0.001f));
    return std::clamp(whole, 1, std::max(1, kMaxPrescaledSide / pixels)) * pixels;
  };
  if (!prescaled_.Resize(times(layout.width * fine.x, sharp_.width()),
                         times(layout.height * fine.y, sharp_.height()))) {
    return;
  }
  SDL_SetRenderTarget(renderer_, prescaled_.get());
  SDL_RenderCopy(renderer_, sharp_.get(), nullptr, nullptr);
  SDL_SetRenderTarget(renderer_, nullptr);
}

}  // namespace dqnd
