#include "viewer/window/decision_card.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "viewer/window/number_text.h"
#include "viewer/window/widgets.h"

namespace dqnd {
namespace {

constexpr float kNameWidth = 112;
constexpr float kShortNameWidth = 56;
constexpr float kNumberWidth = 54;
constexpr double kShrink = 0.02;  // of the range, in each decision
constexpr double kMinRange = 1e-6;

ImU32 ColourOf(const Theme& theme, const v1::Step& step) {
  if (step.by_person()) return theme.colours().person;
  return step.exploratory() ? theme.colours().random : theme.colours().accent;
}

std::string Remark(const v1::Step* step) {
  if (step == nullptr) return "";
  if (step->by_person()) return "you play";
  return fmt::format("{}exploration {}", step->exploratory() ? "random, " : "",
                     ValueText(step->epsilon()));
}

}  // namespace

void DecisionCard::FollowRange(const v1::Step& step) {
  if (step.q_values().empty()) return;
  double low = step.q_values(0);
  double high = low;
  for (const float q : step.q_values()) {
    if (!std::isfinite(q)) continue;
    low = std::min(low, double{q});
    high = std::max(high, double{q});
  }
  if (!has_range_) {
    low_ = low;
    high_ = high;
  }
  has_range_ = true;
  const double shrink = (high_ - low_) * kShrink;
  low_ = std::min(low, low_ + shrink);
  high_ = std::max(high, high_ - shrink);
}

void DecisionCard::Draw(const Theme& theme, const std::vector<std::string>& action_names,
                        const v1::Step* step, float width) {
  if (!BeginCard(theme, "decision", "Decision", Remark(step), width)) return EndCard();
  const Theme::Colours& c = theme.colours();
  if (step != nullptr) FollowRange(*step);
  const bool dense = action_names.size() > 8;
  const float row = theme.Px(dense ? 17.5f : 26);
  const float size = dense ? 11.5f : Theme::kSmall + 0.5f;
  const bool long_names = std::any_of(action_names.begin(), action_names.end(),
                                      [](const std::string& name) { return name.size() > 6; });
  const float name_width = theme.Px(long_names ? kNameWidth : kShortNameWidth);
  const float full = ImGui::GetContentRegionAvail().x;
  const float bar_width = std::max(1.0f, full - name_width - theme.Px(kNumberWidth));
  const double span = std::max(kMinRange, high_ - low_);
  ImDrawList& list = *ImGui::GetWindowDrawList();
  for (size_t i = 0; i < action_names.size(); ++i) {
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const bool chosen = step != nullptr && step->action() == static_cast<int>(i);
    const ImU32 colour = chosen ? ColourOf(theme, *step) : c.bar;
    const ImU32 text = chosen ? c.text : c.muted;
    const float middle = at.y + row / 2;
    const float text_y = middle - theme.Px(size) / 2 - theme.Px(1);
    ImFont* font = chosen ? theme.strong() : theme.regular();
    if (chosen) {
      list.AddRectFilled(ImVec2(at.x - theme.Px(6), at.y + theme.Px(1)),
                         ImVec2(at.x + full + theme.Px(6), at.y + row - theme.Px(1)),
                         WithAlpha(colour, 0.1f), theme.Px(5));
    }
    list.AddText(font, theme.Px(size), ImVec2(at.x, text_y), text, action_names[i].c_str());
    if (step != nullptr && static_cast<int>(i) < step->q_values_size()) {
      const double q = step->q_values(static_cast<int>(i));
      // The smallest keeps a stump, so that every action has a bar.
      const auto part = static_cast<float>(std::clamp(0.06 + 0.94 * (q - low_) / span, 0.0, 1.0));
      const float half = theme.Px(dense ? 4.0f : 5.5f);
      const float left = at.x + name_width;
      list.AddRectFilled(ImVec2(left, middle - half),
                         ImVec2(left + std::max(half, bar_width * part), middle + half), colour,
                         half * 0.7f);
      const std::string number = fmt::format("{:.3f}", q);
      const float number_width = TextSize(theme, number, size, chosen).x;
      list.AddText(font, theme.Px(size), ImVec2(at.x + full - number_width, text_y), text,
                   number.c_str());
    }
    ImGui::Dummy(ImVec2(full, row - ImGui::GetStyle().ItemSpacing.y));
  }
  if (step != nullptr && step->q_values().empty()) {
    ColouredText(theme, "No network has been published yet.", c.muted, Theme::kSmall);
  }
  EndCard();
}

}  // namespace dqnd
