#include "viewer/ctl/video_frame.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "viewer/ctl/glyphs.h"
#include "viewer/ctl/number_text.h"

namespace dqnd {
namespace {

constexpr int kLeastHeight = 480;
constexpr int kMostHeight = 960;
constexpr double kCloseEnough = 0.05;
constexpr double kFlattest = 1.0 / 16;
constexpr double kTallest = 16;

constexpr int kPanelWidth = 280;
constexpr int kMargin = 16;
constexpr int kText = 2;  // pixels a dot
constexpr int kLine = Glyph::kLineHeight * kText;
constexpr int kNameWidth = 108;
constexpr int kValueWidth = 76;
constexpr int kBarWidth = kPanelWidth - 2 * kMargin - kNameWidth - kValueWidth;
constexpr int kBarHeight = Glyph::kHeight * kText;

constexpr Rgb kPanel = {22, 24, 29};
constexpr Rgb kQuiet = {138, 143, 152};
constexpr Rgb kLoud = {236, 238, 242};
constexpr Rgb kTrack = {40, 43, 51};
constexpr Rgb kBar = {84, 105, 138};
constexpr Rgb kChosen = {88, 196, 132};    // by the agent
constexpr Rgb kByChance = {232, 176, 72};  // an exploratory action
constexpr Rgb kByPerson = {214, 112, 190};

Rgb ColourOfChoice(const v1::Step& step) {
  if (step.by_person()) return kByPerson;
  return step.exploratory() ? kByChance : kChosen;
}

int Even(int length) {
  return length + length % 2;
}

Rectangle GamePart(const v1::EnvironmentSpec& environment, int width, int height) {
  const PixelScale scale = ScaleFor(width, height, environment.pixel_aspect());
  return {0, 0, width * scale.across, height * scale.down};
}

}  // namespace

PixelScale ScaleFor(int width, int height, double pixel_aspect) {
  const double aspect = pixel_aspect >= kFlattest && pixel_aspect <= kTallest ? pixel_aspect : 1.0;
  // A strip of a picture stays one: 8192 pixels are enough for any side.
  const int most_across = std::max(1, PictureDecoder::kMaxSidePixels / width);
  const int least = std::min(most_across, std::max(1, (kLeastHeight + height - 1) / height));
  PixelScale best;
  double best_error = INFINITY;
  for (int down = least; down == least || height * down < kMostHeight; ++down) {
    const int across = static_cast<int>(std::lround(down / aspect));
    const PixelScale scale = {std::clamp(across, 1, most_across), down};
    const double error = std::abs(aspect * scale.across / scale.down - 1);
    if (error < best_error) {
      best = scale;
      best_error = error;
    }
    if (best_error <= kCloseEnough || across >= most_across) break;
  }
  return best;
}

VideoFrame::VideoFrame(const v1::EnvironmentSpec& environment, int picture_width,
                       int picture_height, bool overlay)
    : action_names_(environment.action_names().begin(), environment.action_names().end()),
      overlay_(overlay),
      game_(GamePart(environment, picture_width, picture_height)),
      canvas_(Even(game_.width + (overlay ? kPanelWidth : 0)), Even(game_.height)) {}

const Canvas& VideoFrame::Draw(const RgbaPicture& picture, const PanelState& panel) {
  canvas_.DrawPicture(picture, game_);
  if (overlay_) DrawPanel(panel);
  return canvas_;
}

void VideoFrame::DrawPanel(const PanelState& panel) {
  canvas_.Fill({game_.width, 0, canvas_.width() - game_.width, canvas_.height()}, kPanel);
  const int left = game_.width + kMargin;
  const int room = kPanelWidth - 2 * kMargin;
  int y = kMargin;
  const auto write = [&](const std::string& text, Rgb colour, int scale) {
    canvas_.DrawText(text, left, y, scale, colour, room);
    y += Glyph::kLineHeight * scale;
  };
  write("return", kQuiet, kText);
  write(panel.step.has_value() ? ShortNumber(panel.step->return_so_far()) : "-", kLoud, 2 * kText);
  write(fmt::format("game {}", Grouped(panel.game)), kQuiet, kText);
  if (!panel.step.has_value()) return;
  const v1::Step& step = *panel.step;
  write(fmt::format("env_step {}", Grouped(step.episode_env_step())), kQuiet, kText);
  y += kLine / 2;
  for (const float q : step.q_values()) {
    if (!std::isfinite(q)) continue;
    const bool first = least_q_ > most_q_;
    least_q_ = first ? q : std::min(least_q_, q);
    most_q_ = first ? q : std::max(most_q_, q);
  }
  const int actions = std::max(step.q_values_size(), static_cast<int>(action_names_.size()));
  for (int action = 0; action < actions && y + kLine <= canvas_.height(); ++action) {
    DrawAction(step, action, y);
    y += kLine;
  }
}

void VideoFrame::DrawAction(const v1::Step& step, int action, int y) {
  const bool chosen = action == step.action();
  const int left = game_.width + kMargin;
  const Rgb text_colour = chosen ? kLoud : kQuiet;
  canvas_.DrawText(ActionName(action), left, y, kText, text_colour, kNameWidth - kText);
  if (chosen) canvas_.Fill({left - kMargin / 2, y, 4, kBarHeight}, ColourOfChoice(step));
  if (action >= step.q_values_size()) return;

  const float q = step.q_values(action);
  const Rectangle track = {left + kNameWidth, y, kBarWidth, kBarHeight};
  canvas_.Fill(track, kTrack);
  const float span = most_q_ - least_q_;
  const float share = std::isfinite(q) && span > 0 ? (q - least_q_) / span : 0;
  const int length = std::clamp(static_cast<int>(std::lround(share * kBarWidth)), 1, kBarWidth);
  canvas_.Fill({track.x, y, length, kBarHeight}, chosen ? ColourOfChoice(step) : kBar);
  canvas_.DrawText(fmt::format("{:.2f}", q), track.x + kBarWidth + kMargin / 2, y, kText,
                   text_colour, kValueWidth - kMargin / 2);
}

std::string VideoFrame::ActionName(int action) const {
  const auto index = static_cast<size_t>(action);
  return index < action_names_.size() ? action_names_[index] : fmt::format("{}", action);
}

}  // namespace dqnd
