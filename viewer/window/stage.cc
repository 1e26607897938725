#include "viewer/window/stage.h"

#include <algorithm>

#include "viewer/window/large_area.h"
#include "viewer/window/widgets.h"

namespace dqnd {
namespace {

struct Area {
  ImVec2 begin;
  ImVec2 end;

  float width() const { return end.x - begin.x; }
  float height() const { return end.y - begin.y; }
};

// A rounded label whose text ends at `right` or is centred where `right` is negative.
void Label(const Theme& theme, const std::string& text, ImU32 face, ImU32 colour, ImVec2 centre) {
  ImDrawList& list = *ImGui::GetWindowDrawList();
  const ImVec2 size = TextSize(theme, text, Theme::kSmall, true);
  const ImVec2 half(size.x / 2 + theme.Px(11), theme.Px(13));
  list.AddRectFilled(ImVec2(centre.x - half.x, centre.y - half.y),
                     ImVec2(centre.x + half.x, centre.y + half.y), face, theme.Px(13));
  list.AddText(theme.strong(), theme.Px(Theme::kSmall),
               ImVec2(centre.x - size.x / 2, centre.y - size.y / 2), colour, text.c_str());
}

void DrawBadges(const Theme& theme, const StageContent& content, const Area& area) {
  float right = area.end.x - theme.Px(12);
  for (const StageContent::Badge& badge : content.badges) {
    const float width = TextSize(theme, badge.text, Theme::kSmall, true).x + theme.Px(22);
    Label(theme, badge.text, badge.colour, theme.colours().card,
          ImVec2(right - width / 2, area.begin.y + theme.Px(25)));
    right -= width + theme.Px(8);
  }
}

void DrawBanner(const Theme& theme, const StageContent& content, const Area& area) {
  if (content.banner.empty()) return;
  ImDrawList& list = *ImGui::GetWindowDrawList();
  const float margin = theme.Px(12);
  const float wrap = std::max(theme.Px(60), area.width() - 2 * margin - theme.Px(28));
  ImGui::PushFont(theme.strong(), Theme::kSmall + 0.5f);
  const ImVec2 text = ImGui::CalcTextSize(content.banner.c_str(), nullptr, false, wrap);
  const ImVec2 begin(area.begin.x + margin, area.begin.y + margin);
  const ImVec2 end(area.end.x - margin, begin.y + text.y + theme.Px(18));
  list.AddRectFilled(begin, end, theme.colours().card, theme.Px(8));
  list.AddRectFilled(begin, end, WithAlpha(content.banner_colour, 0.16f), theme.Px(8));
  list.AddRectFilled(begin, ImVec2(begin.x + theme.Px(4), end.y), content.banner_colour,
                     theme.Px(2));
  list.AddText(theme.strong(), ImGui::GetFontSize(),
               ImVec2(begin.x + theme.Px(16), begin.y + theme.Px(9)), theme.colours().text,
               content.banner.c_str(), nullptr, wrap);
  ImGui::PopFont();
}

void DrawStageArea(const Theme& theme, GameView& view, const StageContent& content,
                   const Area& area) {
  ImDrawList& list = *ImGui::GetWindowDrawList();
  FillLargeArea(area.begin, area.end, theme.colours().stage, theme.Px(8));
  list.PushClipRect(area.begin, area.end, true);
  const float inset = theme.Px(8);
  if (content.moment != nullptr && content.moment->picture != nullptr) {
    view.Draw(theme, *content.moment, content.pixel_aspect, content.saliency,
              ImVec2(area.begin.x + inset, area.begin.y + inset),
              ImVec2(area.width() - 2 * inset, area.height() - 2 * inset));
  } else if (!content.empty_text.empty()) {
    const ImVec2 size = TextSize(theme, content.empty_text, Theme::kNormal);
    list.AddText(theme.regular(), theme.Px(Theme::kNormal),
                 ImVec2(area.begin.x + (area.width() - size.x) / 2,
                        area.begin.y + (area.height() - size.y) / 2),
                 theme.colours().muted, content.empty_text.c_str());
  }
  DrawBadges(theme, content, area);
  DrawBanner(theme, content, area);
  if (!content.toast.empty()) {
    Label(theme, content.toast, theme.colours().text, theme.colours().card,
          ImVec2((area.begin.x + area.end.x) / 2, area.end.y - theme.Px(28)));
  }
  list.PopClipRect();
}

}  // namespace

void DrawStage(const Theme& theme, GameView& view, const StageContent& content, float width,
               float height) {
  if (BeginCard(theme, "stage", "", "", width, height)) {
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const ImVec2 room = ImGui::GetContentRegionAvail();
    const float controls = theme.Px(42);
    const Area area{at, ImVec2(at.x + room.x, at.y + room.y - controls)};
    if (area.width() >= 1 && area.height() >= 1) DrawStageArea(theme, view, content, area);
    ImGui::SetCursorScreenPos(ImVec2(at.x, at.y + std::max(0.0f, room.y - theme.Px(32))));
    if (content.controls) content.controls();
  }
  EndCard();
}

}  // namespace dqnd
