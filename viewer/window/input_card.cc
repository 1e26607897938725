#include "viewer/window/input_card.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "viewer/window/game_view.h"
#include "viewer/window/number_text.h"
#include "viewer/window/widgets.h"

namespace dqnd {
namespace {

constexpr int kMaxTiles = 8;
constexpr int kMaxNumbers = 12;

constexpr std::array<std::array<float, 3>, 10> kChannelColours = {{{0.42f, 0.61f, 1.0f},
                                                                   {1.0f, 0.78f, 0.35f},
                                                                   {0.36f, 0.80f, 0.58f},
                                                                   {0.93f, 0.45f, 0.43f},
                                                                   {0.71f, 0.54f, 0.96f},
                                                                   {0.35f, 0.80f, 0.86f},
                                                                   {0.96f, 0.57f, 0.77f},
                                                                   {0.73f, 0.80f, 0.38f},
                                                                   {0.85f, 0.65f, 0.49f},
                                                                   {0.75f, 0.77f, 0.81f}}};

float ElementAt(const DecodedInput& input, size_t index) {
  if (input.observation.element_type() != v1::ELEMENT_TYPE_FLOAT32) {
    return static_cast<float>(input.elements[index]);
  }
  float value = 0;
  std::memcpy(&value, &input.elements[index * 4], sizeof value);
  return std::isfinite(value) ? value : 0;
}

// What is drawn as full brightness. Pictures have 255 levels; planes of 0 and 1 have two.
float Brightest(const DecodedInput& input, size_t elements) {
  float largest = 0;
  for (size_t i = 0; i < elements; ++i) largest = std::max(largest, ElementAt(input, i));
  const bool is_picture = input.observation.element_type() == v1::ELEMENT_TYPE_UINT8 && largest > 1;
  return is_picture ? 255 : std::max(largest, 1e-6f);
}

}  // namespace

InputPicture DrawInput(const DecodedInput& input) {
  const v1::ObservationSpec& spec = input.observation;
  InputPicture picture;
  picture.tiles = std::min(spec.stack(), kMaxTiles);
  picture.width = spec.width() * picture.tiles;
  picture.height = spec.height();
  const auto width = static_cast<size_t>(spec.width());
  const auto height = static_cast<size_t>(spec.height());
  const auto channels = static_cast<size_t>(spec.channels());
  const auto first = static_cast<size_t>(spec.stack() - picture.tiles);
  picture.rgba.assign(width * static_cast<size_t>(picture.tiles) * height * 4, 255);
  const float brightest =
      Brightest(input, width * height * channels * static_cast<size_t>(spec.stack()));
  for (size_t tile = 0; tile < static_cast<size_t>(picture.tiles); ++tile) {
    for (size_t i = 0; i < width * height; ++i) {
      std::array<float, 3> colour = {0, 0, 0};
      for (size_t channel = 0; channel < channels; ++channel) {
        const size_t element = ((first + tile) * width * height + i) * channels + channel;
        const float value = std::max(0.0f, ElementAt(input, element) / brightest);
        const auto& hue = kChannelColours[channel % kChannelColours.size()];
        for (size_t part = 0; part < 3; ++part) {
          colour[part] = std::max(colour[part], value * (channels == 1 ? 1 : hue[part]));
        }
      }
      const size_t row = i / width;
      const size_t column = tile * width + i % width;
      uint8_t* pixel = &picture.rgba[(row * static_cast<size_t>(picture.width) + column) * 4];
      for (size_t part = 0; part < 3; ++part) {
        pixel[part] = static_cast<uint8_t>(std::min(1.0f, colour[part]) * 255);
      }
    }
  }
  return picture;
}

InputCard::InputCard(SDL_Renderer* renderer)
    : pixels_(renderer, Texture::Kind::kSharp), heat_(renderer, Texture::Kind::kSmooth) {}

void InputCard::Update(const std::shared_ptr<const DecodedInput>& input) {
  if (input == input_) return;
  input_ = input;
  const InputPicture picture = DrawInput(*input);
  tiles_ = picture.tiles;
  pixels_.SetPixels(picture.width, picture.height, picture.rgba);
}

bool InputCard::Draw(const Theme& theme, const DecodedMoment* moment, bool saliency, float width) {
  bool clicked = false;
  if (BeginCard(theme, "input", "What the network sees", "", width)) {
    const float toggle = theme.Px(35) + TextSize(theme, "Saliency", Theme::kSmall).x;
    ImGui::SameLine();
    const ImVec2 after = ImGui::GetCursorPos();
    ImGui::SetCursorPos(
        ImVec2(ImGui::GetContentRegionMax().x - toggle, theme.Px(14 * 0.85f) + theme.Px(1)));
    clicked = Toggle(theme, "saliency", "Saliency", saliency,
                     "How much each place matters to the choice: the change of Q when it is "
                     "blurred  [S]");
    ImGui::SetCursorPos(ImVec2(theme.Px(14), after.y + theme.Px(8)));
    if (moment == nullptr || moment->network_input == nullptr) {
      ColouredText(theme, "Nothing yet.", theme.colours().muted, Theme::kSmall);
    } else if (moment->network_input->observation.height() == 1) {
      DrawVector(theme, *moment->network_input);
    } else {
      DrawTiles(theme, *moment, saliency);
    }
  }
  EndCard();
  return clicked;
}

void InputCard::DrawTiles(const Theme& theme, const DecodedMoment& moment, bool saliency) {
  Update(moment.network_input);
  if (pixels_.empty()) return;
  const float gap = theme.Px(6);
  const auto tiles = static_cast<float>(tiles_);
  const float available = ImGui::GetContentRegionAvail().x;
  const v1::ObservationSpec& spec = moment.network_input->observation;
  const float shape = static_cast<float>(spec.height()) / static_cast<float>(spec.width());
  const float side = std::min(
      (available - gap * (std::max(4.0f, tiles) - 1)) / std::max(4.0f, tiles), theme.Px(110));
  const float tile_width = tiles_ == 1 ? std::min(available, theme.Px(110)) : side;
  const float tile_height = std::min(tile_width * shape, theme.Px(200));
  ImDrawList& list = *ImGui::GetWindowDrawList();
  const ImVec2 at = ImGui::GetCursorScreenPos();
  if (saliency && moment.saliency != nullptr && moment.saliency != map_) {
    map_ = moment.saliency;
    std::vector<uint8_t> rgba;
    HeatPixels(*map_, rgba);
    heat_.SetPixels(map_->width(), map_->height(), rgba);
  }
  for (int tile = 0; tile < tiles_; ++tile) {
    const auto index = static_cast<float>(tile);
    const ImVec2 begin(at.x + index * (tile_width + gap), at.y);
    const ImVec2 end(begin.x + tile_width, begin.y + tile_height);
    list.AddImageRounded(pixels_.id(), begin, end, ImVec2(index / tiles, 0),
                         ImVec2((index + 1) / tiles, 1), IM_COL32_WHITE, theme.Px(4));
    const bool newest = tile + 1 == tiles_;
    if (newest && saliency && moment.saliency != nullptr && !heat_.empty()) {
      list.AddImageRounded(heat_.id(), begin, end, ImVec2(0, 0), ImVec2(1, 1), IM_COL32_WHITE,
                           theme.Px(4));
    }
    list.AddRect(begin, end, theme.colours().border, theme.Px(4));
  }
  ImGui::Dummy(ImVec2(available, tile_height));
  std::string text = fmt::format("{} x {}", spec.width(), spec.height());
  if (spec.channels() > 1) text += fmt::format(", {} planes", spec.channels());
  if (spec.stack() > 1) text += fmt::format(", the last {} from left to right", spec.stack());
  if (saliency && moment.saliency != nullptr) {
    text = fmt::format("largest change of Q: {}", ValueText(moment.saliency->largest_change()));
  }
  ColouredText(theme, text, theme.colours().muted, Theme::kSmall);
}

void InputCard::DrawVector(const Theme& theme, const DecodedInput& input) {
  const v1::ObservationSpec& spec = input.observation;
  const int numbers = std::min(spec.channels() * spec.width(), kMaxNumbers);
  const auto newest = static_cast<size_t>(spec.stack() - 1) * static_cast<size_t>(spec.channels()) *
                      static_cast<size_t>(spec.width());
  const float full = ImGui::GetContentRegionAvail().x;
  const float row = theme.Px(20);
  ImDrawList& list = *ImGui::GetWindowDrawList();
  for (int i = 0; i < numbers; ++i) {
    const float value = ElementAt(input, newest + static_cast<size_t>(i));
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const float middle = at.y + row / 2;
    const float centre = at.x + theme.Px(24) + (full - theme.Px(90)) / 2;
    // Large numbers are drawn shorter than they are, so that small ones still move.
    const float reach = std::tanh(value) * (full - theme.Px(90)) / 2;
    list.AddText(theme.regular(), theme.Px(Theme::kSmall), ImVec2(at.x, at.y + theme.Px(2)),
                 theme.colours().muted, fmt::format("{}", i).c_str());
    list.AddRectFilled(ImVec2(std::min(centre, centre + reach), middle - theme.Px(4)),
                       ImVec2(std::max(centre, centre + reach), middle + theme.Px(4)),
                       theme.colours().accent, theme.Px(2));
    list.AddLine(ImVec2(centre, at.y + theme.Px(2)), ImVec2(centre, at.y + row - theme.Px(2)),
                 theme.colours().border);
    const std::string text = fmt::format("{:.3f}", value);
    const float text_width = TextSize(theme, text, Theme::kSmall).x;
    list.AddText(theme.regular(), theme.Px(Theme::kSmall),
                 ImVec2(at.x + full - text_width, at.y + theme.Px(2)), theme.colours().text,
                 text.c_str());
    ImGui::Dummy(ImVec2(full, row - ImGui::GetStyle().ItemSpacing.y));
  }
}

}  // namespace dqnd
