#include "viewer/window/curves_card.h"

#include <fmt/format.h>
#include <implot.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "viewer/window/curve_range.h"
#include "viewer/window/number_text.h"
#include "viewer/window/widgets.h"

namespace dqnd {
namespace {

struct CurveKind {
  const char* id;
  const char* title;
  const char* name;    // as in progress.csv
  const char* second;  // drawn as points; may be null
  bool from_zero;
  bool is_speed = false;
};

constexpr std::array kKinds = {
    CurveKind{"return", "Return", "rollout/ep_rew_mean", "eval/mean_reward", false},
    CurveKind{"loss", "Loss", "train/loss", nullptr, true},
    CurveKind{"epsilon", "Exploration", "rollout/exploration_rate", nullptr, true},
    CurveKind{"speed", "env_steps/s", "time/fps", nullptr, true, true},
};

struct Curves {
  const RunCurve& first;
  const RunCurve* second;   // may be null
  const RunCurve* updates;  // not null: the first one is a speed, and these are the updates so far
};

constexpr size_t kMaxDrawnPoints = 2000;

// Labels of ticks are short: "50k", "1.5M", "0.02".
std::string TickText(double value) {
  const double size = std::abs(value);
  if (size >= 1e9) return fmt::format("{:.4g}G", value / 1e9);
  if (size >= 1e6) return fmt::format("{:.4g}M", value / 1e6);
  if (size >= 1e4) return fmt::format("{:.4g}k", value / 1e3);
  return fmt::format("{:.4g}", value);
}

int FormatTick(double value, char* buffer, int size, void*) {
  const std::string text = TickText(value);
  const size_t length = text.copy(buffer, static_cast<size_t>(size) - 1);
  buffer[length] = '\0';
  return static_cast<int>(length);
}

// The value at these env_steps: of the point before or at them.
size_t PointAt(const RunCurve& curve, double env_steps) {
  const auto after = std::upper_bound(curve.env_steps.begin(), curve.env_steps.end(), env_steps);
  return after == curve.env_steps.begin()
             ? 0
             : static_cast<size_t>(after - curve.env_steps.begin()) - 1;
}

// Ticks at round numbers of env_steps, so far apart that their labels do not touch.
void SetupEnvStepTicks(const Theme& theme, double begin, double end) {
  const double room = std::max(1.0f, ImGui::GetContentRegionAvail().x / theme.Px(72));
  const double least = (end - begin) / room;
  const double power = std::pow(10.0, std::floor(std::log10(least)));
  double step = 10 * power;
  for (const double times : {5, 2, 1}) {
    if (times * power >= least) step = times * power;
  }
  std::vector<double> ticks;
  for (double tick = std::ceil(begin / step); tick * step <= end; ++tick) {
    ticks.push_back(tick * step);
  }
  ImPlot::SetupAxisTicks(ImAxis_X1, ticks.data(), static_cast<int>(ticks.size()));
}

void SetupRange(const Theme& theme, const CurveKind& kind, const Curves& curves) {
  const RunCurve& curve = curves.first;
  auto [low, high] =
      curves.updates != nullptr ? RangeOfSpeed(curve, *curves.updates) : RangeOf(curve);
  if (curves.second != nullptr && !curves.second->values.empty()) {
    const CurveRange second = RangeOf(*curves.second);
    low = std::min(low, second.low);
    high = std::max(high, second.high);
  }
  if (kind.from_zero) low = std::min(0.0, low);
  const double margin = std::max((high - low) * 0.1, 1e-9 + std::max(high, -low) * 0.05);
  const double begin = curve.env_steps.front();
  const double newest = std::max(curve.env_steps.back(), begin + 1);
  const double end = newest + (newest - begin) * 0.02;  // room for the last point
  ImPlot::SetupAxesLimits(begin, end, kind.from_zero ? low : low - margin, high + margin,
                          ImPlotCond_Always);
  SetupEnvStepTicks(theme, begin, end);
}

void PlotCurve(const Theme& theme, const RunCurve& curve) {
  const double floor = ImPlot::GetPlotLimits().Y.Min;
  // Evenly left out where there are more points than pixels.
  const size_t stride = curve.values.size() / kMaxDrawnPoints + 1;
  const int points = static_cast<int>((curve.values.size() + stride - 1) / stride);
  ImPlotSpec spec;
  spec.LineColor = ImGui::ColorConvertU32ToFloat4(theme.colours().accent);
  spec.LineWeight = theme.Px(1.6f);
  spec.Stride = static_cast<int>(stride * sizeof(double));
  ImPlotSpec shade = spec;
  shade.FillColor = spec.LineColor;
  shade.FillAlpha = 0.10f;
  ImPlot::PlotShaded("##shade", curve.env_steps.data(), curve.values.data(), points, floor, shade);
  ImPlot::PlotLine("##line", curve.env_steps.data(), curve.values.data(), points, spec);
}

void PlotHover(const Theme& theme, const RunCurve& curve) {
  if (!ImPlot::IsPlotHovered()) return;
  const size_t point = PointAt(curve, ImPlot::GetPlotMousePos().x);
  const ImVec2 at = ImPlot::PlotToPixels(curve.env_steps[point], curve.values[point]);
  const ImVec2 top = ImPlot::GetPlotPos();
  ImPlot::PushPlotClipRect();
  ImDrawList& list = *ImPlot::GetPlotDrawList();
  list.AddLine(ImVec2(at.x, top.y), ImVec2(at.x, top.y + ImPlot::GetPlotSize().y),
               theme.colours().border, theme.Px(1));
  list.AddCircleFilled(at, theme.Px(3.5f), theme.colours().accent);
  ImPlot::PopPlotClipRect();
  Tooltip(theme, fmt::format("{} at env_step {}", ValueText(curve.values[point]),
                             GroupedText(static_cast<int64_t>(curve.env_steps[point]))));
}

void DrawPlot(const Theme& theme, const CurveKind& kind, const Curves& curves) {
  constexpr ImPlotFlags kPlotFlags = ImPlotFlags_NoTitle | ImPlotFlags_NoLegend |
                                     ImPlotFlags_NoMenus | ImPlotFlags_NoMouseText |
                                     ImPlotFlags_NoBoxSelect;
  constexpr ImPlotAxisFlags kAxisFlags =
      ImPlotAxisFlags_NoLabel | ImPlotAxisFlags_NoHighlight | ImPlotAxisFlags_NoSideSwitch;
  ImGui::PushFont(theme.regular(), 11.5f);
  if (ImPlot::BeginPlot(kind.id, ImGui::GetContentRegionAvail(), kPlotFlags)) {
    ImPlot::SetupAxes(nullptr, nullptr, kAxisFlags | ImPlotAxisFlags_NoGridLines, kAxisFlags);
    ImPlot::SetupAxisFormat(ImAxis_X1, FormatTick);
    ImPlot::SetupAxisFormat(ImAxis_Y1, FormatTick);
    SetupRange(theme, kind, curves);
    PlotCurve(theme, curves.first);
    if (const RunCurve* second = curves.second; second != nullptr && !second->values.empty()) {
      ImPlotSpec spec;
      spec.Marker = ImPlotMarker_Circle;
      spec.MarkerSize = theme.Px(3);
      spec.MarkerFillColor = ImGui::ColorConvertU32ToFloat4(theme.colours().random);
      spec.MarkerLineColor = spec.MarkerFillColor;
      ImPlot::PlotScatter("##second", second->env_steps.data(), second->values.data(),
                          static_cast<int>(second->values.size()), spec);
    }
    PlotHover(theme, curves.first);
    ImPlot::EndPlot();
  }
  ImGui::PopFont();
}

}  // namespace

void DrawCurves(const Theme& theme, const RunModel& model, float width, float height) {
  const float gap = theme.Px(12);
  const auto count = static_cast<size_t>(
      std::clamp(static_cast<int>(width / theme.Px(190)), 1, static_cast<int>(kKinds.size())));
  const float each = (width - gap * static_cast<float>(count - 1)) / static_cast<float>(count);
  for (size_t i = 0; i < count; ++i) {
    const CurveKind& kind = kKinds[i];
    const RunCurve& curve = model.curve(kind.name);
    const Curves curves{curve, kind.second == nullptr ? nullptr : &model.curve(kind.second),
                        kind.is_speed ? &model.curve("train/n_updates") : nullptr};
    if (i > 0) ImGui::SameLine(0, gap);
    const std::string newest = curve.values.empty() ? "" : ValueText(curve.values.back());
    if (BeginCard(theme, kind.id, kind.title, newest, each, height)) {
      if (curve.values.empty()) {
        ColouredText(theme, "No values yet.", theme.colours().muted, Theme::kSmall);
      } else {
        DrawPlot(theme, kind, curves);
      }
    }
    EndCard();
  }
}

}  // namespace dqnd
