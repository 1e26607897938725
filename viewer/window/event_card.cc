#include "viewer/window/event_card.h"

#include "viewer/window/number_text.h"
#include "viewer/window/widgets.h"

namespace dqnd {
namespace {

ImU32 ColourOf(const Theme& theme, const EventLine& line) {
  if (line.level == v1::EVENT_LEVEL_ERROR) return theme.colours().danger;
  if (line.level == v1::EVENT_LEVEL_WARNING) return theme.colours().warning;
  return line.ours ? theme.colours().muted : theme.colours().text;
}

}  // namespace

void DrawEvents(const Theme& theme, const RunModel& model, float width, float height) {
  if (BeginCard(theme, "events", "Events", "", width, height)) {
    ImGui::BeginChild("lines", ImGui::GetContentRegionAvail(), ImGuiChildFlags_None);
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(theme.Px(8), theme.Px(3)));
    const float time_width = TextSize(theme, "00:00:00", Theme::kSmall).x + theme.Px(8);
    for (const EventLine& line : model.events()) {
      const float left = ImGui::GetCursorPosX();
      ColouredText(theme, ClockText(line.unix_seconds), theme.colours().muted, Theme::kSmall);
      ImGui::SameLine(left + time_width);
      ImGui::PushTextWrapPos(0);
      ColouredText(theme, line.text, ColourOf(theme, line), Theme::kSmall);
      ImGui::PopTextWrapPos();
    }
    ImGui::PopStyleVar();
    if (ImGui::GetScrollY() >= ImGui::GetScrollMaxY()) ImGui::SetScrollHereY(1);
    ImGui::EndChild();
  }
  EndCard();
}

}  // namespace dqnd
