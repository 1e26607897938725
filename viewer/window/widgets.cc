#include "viewer/window/widgets.h"

#include <algorithm>
#include <cmath>

#include "viewer/window/large_area.h"

namespace dqnd {
namespace {

constexpr float kCardPadding = 14;
constexpr float kCardRounding = 10;

const char* Begin(std::string_view text) {
  return text.data();
}
const char* End(std::string_view text) {
  return text.data() + text.size();
}

ImFont* FontOf(const Theme& theme, bool strong) {
  return strong ? theme.strong() : theme.regular();
}

struct Pen {
  ImDrawList& list;
  ImVec2 centre;
  float half;  // of the icon's side
  ImU32 colour;

  // -1 to 1 to each side of the centre.
  ImVec2 At(float x, float y) const { return {centre.x + x * half, centre.y + y * half}; }
  float thickness() const { return std::max(1.0f, half * 0.24f); }
  void Box(float left, float top, float right, float bottom, float rounding = 0) const {
    list.AddRectFilled(At(left, top), At(right, bottom), colour, rounding * half);
  }
  void Triangle(ImVec2 a, ImVec2 b, ImVec2 c) const { list.AddTriangleFilled(a, b, c, colour); }
  void Line(ImVec2 a, ImVec2 b) const { list.AddLine(a, b, colour, thickness()); }
};

void DrawTransportIcon(const Pen& pen, Icon icon) {
  switch (icon) {
    case Icon::kPlay:
      return pen.Triangle(pen.At(-0.6f, -0.85f), pen.At(0.9f, 0), pen.At(-0.6f, 0.85f));
    case Icon::kPause:
      pen.Box(-0.65f, -0.8f, -0.2f, 0.8f, 0.1f);
      return pen.Box(0.2f, -0.8f, 0.65f, 0.8f, 0.1f);
    case Icon::kStep:
      pen.Triangle(pen.At(-0.8f, -0.8f), pen.At(0.4f, 0), pen.At(-0.8f, 0.8f));
      return pen.Box(0.5f, -0.8f, 0.85f, 0.8f);
    case Icon::kBackStep:
      pen.Triangle(pen.At(0.8f, -0.8f), pen.At(-0.4f, 0), pen.At(0.8f, 0.8f));
      return pen.Box(-0.85f, -0.8f, -0.5f, 0.8f);
    case Icon::kRewind:
      pen.Triangle(pen.At(0.05f, -0.75f), pen.At(-1, 0), pen.At(0.05f, 0.75f));
      return pen.Triangle(pen.At(1, -0.75f), pen.At(-0.05f, 0), pen.At(1, 0.75f));
    case Icon::kRecord:
      return pen.list.AddCircleFilled(pen.centre, pen.half * 0.75f, pen.colour);
    case Icon::kStop:
      return pen.Box(-0.7f, -0.7f, 0.7f, 0.7f, 0.15f);
    default:
      return;
  }
}

void DrawRestart(const Pen& pen) {
  pen.list.PathArcTo(pen.centre, pen.half * 0.72f, -0.9f, 4.2f, 20);
  pen.list.PathStroke(pen.colour, 0, pen.thickness());
  pen.Triangle(pen.At(0.1f, -0.95f), pen.At(0.95f, -0.85f), pen.At(0.6f, -0.1f));
}

void DrawSun(const Pen& pen) {
  pen.list.AddCircleFilled(pen.centre, pen.half * 0.42f, pen.colour);
  for (int i = 0; i < 8; ++i) {
    const float angle = static_cast<float>(i) * 0.7854f;
    const float x = std::cos(angle);
    const float y = std::sin(angle);
    pen.Line(pen.At(x * 0.65f, y * 0.65f), pen.At(x * 0.95f, y * 0.95f));
  }
}

void DrawMoon(const Pen& pen) {
  pen.list.PathArcTo(pen.centre, pen.half * 0.85f, 0.35f, 4.4f, 24);
  pen.list.PathArcTo(pen.At(0.35f, -0.3f), pen.half * 0.68f, 3.55f, 1.05f, 24);
  pen.list.PathFillConcave(pen.colour);
}

void DrawHelp(const Pen& pen) {
  pen.list.PathArcTo(pen.At(0, -0.42f), pen.half * 0.42f, 3.3f, 7.6f, 16);
  pen.list.PathLineTo(pen.At(0, 0.3f));
  pen.list.PathStroke(pen.colour, 0, pen.thickness());
  pen.list.AddCircleFilled(pen.At(0, 0.78f), pen.thickness() * 0.7f, pen.colour);
}

void DrawHand(const Pen& pen) {  // a joystick
  pen.list.AddCircleFilled(pen.At(0, -0.55f), pen.half * 0.38f, pen.colour);
  pen.Line(pen.At(0, -0.5f), pen.At(0, 0.4f));
  pen.Box(-0.8f, 0.4f, 0.8f, 0.85f, 0.2f);
}

void DrawSave(const Pen& pen) {  // into a box
  pen.Line(pen.At(0, -0.9f), pen.At(0, 0.1f));
  pen.Triangle(pen.At(-0.45f, -0.1f), pen.At(0.45f, -0.1f), pen.At(0, 0.45f));
  pen.Line(pen.At(-0.85f, 0.8f), pen.At(0.85f, 0.8f));
}

void DrawCamera(const Pen& pen) {
  pen.list.AddRect(pen.At(-0.9f, -0.55f), pen.At(0.9f, 0.7f), pen.colour, pen.half * 0.2f, 0,
                   pen.thickness());
  pen.list.AddCircle(pen.At(0, 0.08f), pen.half * 0.32f, pen.colour, 0, pen.thickness());
  pen.Box(-0.3f, -0.85f, 0.3f, -0.55f);
}

void DrawPlug(const Pen& pen) {
  pen.list.AddCircleFilled(pen.At(-0.7f, 0), pen.half * 0.3f, pen.colour);
  pen.Line(pen.At(-0.6f, 0), pen.At(0.6f, 0));
  pen.list.AddCircle(pen.At(0.65f, 0), pen.half * 0.3f, pen.colour, 0, pen.thickness());
}

void DrawEye(const Pen& pen) {
  pen.list.PathLineTo(pen.At(-1, 0));
  pen.list.PathBezierQuadraticCurveTo(pen.At(0, -1.15f), pen.At(1, 0));
  pen.list.PathBezierQuadraticCurveTo(pen.At(0, 1.15f), pen.At(-1, 0));
  pen.list.PathStroke(pen.colour, 0, pen.thickness());
  pen.list.AddCircleFilled(pen.centre, pen.half * 0.28f, pen.colour);
}

struct ButtonColours {
  ImU32 face;
  ImU32 hovered;
  ImU32 text;
};

ButtonColours ColoursOf(const Theme& theme, ButtonKind kind) {
  const Theme::Colours& c = theme.colours();
  switch (kind) {
    case ButtonKind::kPrimary:
      return {c.accent, WithAlpha(c.accent, 0.85f), c.on_accent};
    case ButtonKind::kDanger:
      return {WithAlpha(c.danger, 0.14f), WithAlpha(c.danger, 0.25f), c.danger};
    case ButtonKind::kActive:
      return {WithAlpha(c.accent, 0.18f), WithAlpha(c.accent, 0.28f), c.accent};
    case ButtonKind::kPlain:
      return {c.raised, c.hovered, c.text};
  }
  return {};
}

}  // namespace

void DrawIcon(ImDrawList& list, Icon icon, ImVec2 centre, float size, ImU32 colour) {
  const Pen pen{list, centre, size / 2, colour};
  switch (icon) {
    case Icon::kRestart:
      return DrawRestart(pen);
    case Icon::kSun:
      return DrawSun(pen);
    case Icon::kMoon:
      return DrawMoon(pen);
    case Icon::kHelp:
      return DrawHelp(pen);
    case Icon::kHand:
      return DrawHand(pen);
    case Icon::kSave:
      return DrawSave(pen);
    case Icon::kCamera:
      return DrawCamera(pen);
    case Icon::kPlug:
      return DrawPlug(pen);
    case Icon::kEye:
      return DrawEye(pen);
    default:
      return DrawTransportIcon(pen, icon);
  }
}

void ColouredText(const Theme& theme, std::string_view text, ImU32 colour, float size,
                  bool strong) {
  ImGui::PushFont(FontOf(theme, strong), size);
  ImGui::PushStyleColor(ImGuiCol_Text, colour);
  ImGui::TextUnformatted(Begin(text), End(text));
  ImGui::PopStyleColor();
  ImGui::PopFont();
}

void Text(const Theme& theme, std::string_view text, float size, bool strong) {
  ColouredText(theme, text, theme.colours().text, size, strong);
}

ImVec2 TextSize(const Theme& theme, std::string_view text, float size, bool strong) {
  ImGui::PushFont(FontOf(theme, strong), size);
  const ImVec2 result = ImGui::CalcTextSize(Begin(text), End(text));
  ImGui::PopFont();
  return result;
}

bool BeginCard(const Theme& theme, const char* id, std::string_view title, std::string_view remark,
               float width, float height) {
  const float padding = theme.Px(kCardPadding);
  ImGui::PushStyleVar(ImGuiStyleVar_ChildRounding, theme.Px(kCardRounding));
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(padding, padding * 0.85f));
  ImGui::PushStyleVar(ImGuiStyleVar_ChildBorderSize, 1);
  const ImGuiChildFlags flags = ImGuiChildFlags_Borders | ImGuiChildFlags_AlwaysUseWindowPadding |
                                (height > 0 ? ImGuiChildFlags_None : ImGuiChildFlags_AutoResizeY);
  const bool visible =
      ImGui::BeginChild(id, ImVec2(width, std::max(0.0f, height)), flags,
                        ImGuiWindowFlags_NoScrollbar | ImGuiWindowFlags_NoScrollWithMouse);
  ImGui::PopStyleVar(3);
  if (!visible) return false;
  // Within the border, which is drawn already.
  const ImVec2 at = ImGui::GetWindowPos();
  const ImVec2 size = ImGui::GetWindowSize();
  ImGui::PushClipRect(at, ImVec2(at.x + size.x, at.y + size.y), false);
  FillLargeArea(ImVec2(at.x + 1, at.y + 1), ImVec2(at.x + size.x - 1, at.y + size.y - 1),
                theme.colours().card, theme.Px(kCardRounding) - 1);
  ImGui::PopClipRect();
  if (title.empty()) return true;
  const float right = ImGui::GetContentRegionMax().x;
  Text(theme, title, Theme::kNormal, true);
  if (!remark.empty()) {
    const float remark_width = TextSize(theme, remark, Theme::kSmall).x;
    ImGui::SameLine(std::max(0.0f, right - remark_width));
    ImGui::SetCursorPosY(ImGui::GetCursorPosY() + theme.Px(1.5f));
    ColouredText(theme, remark, theme.colours().muted, Theme::kSmall);
  }
  ImGui::Dummy(ImVec2(0, theme.Px(1)));
  return true;
}

void EndCard() {
  ImGui::EndChild();
}

bool Button(const Theme& theme, const char* id, Icon icon, std::string_view label,
            std::string_view tooltip, ButtonKind kind, bool enabled) {
  const float height = theme.Px(32);
  const float icon_size = theme.Px(12);
  const float padding = theme.Px(label.empty() ? 10 : 12);
  const float gap = icon == Icon::kNone || label.empty() ? 0 : theme.Px(8);
  const ImVec2 text = label.empty() ? ImVec2(0, 0) : TextSize(theme, label, Theme::kNormal);
  const float icon_width = icon == Icon::kNone ? 0 : icon_size;
  const ImVec2 size(padding * 2 + icon_width + gap + text.x, height);
  const ImVec2 at = ImGui::GetCursorScreenPos();
  ImGui::BeginDisabled(!enabled);
  const bool clicked = ImGui::InvisibleButton(id, size);
  ImGui::EndDisabled();
  const bool hovered = enabled && ImGui::IsItemHovered();
  ButtonColours colours = ColoursOf(theme, kind);
  if (!enabled) {
    colours = {WithAlpha(theme.colours().raised, 0.5f), 0, WithAlpha(theme.colours().muted, 0.5f)};
  }
  ImDrawList& list = *ImGui::GetWindowDrawList();
  list.AddRectFilled(at, ImVec2(at.x + size.x, at.y + size.y),
                     hovered ? colours.hovered : colours.face, theme.Px(7));
  float x = at.x + padding;
  if (icon != Icon::kNone) {
    DrawIcon(list, icon, ImVec2(x + icon_size / 2, at.y + height / 2), icon_size, colours.text);
    x += icon_width + gap;
  }
  if (!label.empty()) {
    list.AddText(theme.regular(), theme.Px(Theme::kNormal), ImVec2(x, at.y + (height - text.y) / 2),
                 colours.text, Begin(label), End(label));
  }
  if (!tooltip.empty() &&
      ImGui::IsItemHovered(ImGuiHoveredFlags_AllowWhenDisabled | ImGuiHoveredFlags_DelayShort)) {
    Tooltip(theme, tooltip);
  }
  return clicked;
}

int Segmented(const Theme& theme, const char* id, std::span<const std::string_view> choices,
              int chosen) {
  const Theme::Colours& c = theme.colours();
  const float height = theme.Px(32);
  const float padding = theme.Px(14);
  ImDrawList& list = *ImGui::GetWindowDrawList();
  const ImVec2 at = ImGui::GetCursorScreenPos();
  float width = 0;
  for (const std::string_view choice : choices) {
    width += TextSize(theme, choice, Theme::kNormal).x + 2 * padding;
  }
  list.AddRectFilled(at, ImVec2(at.x + width, at.y + height), c.raised, theme.Px(8));
  ImGui::PushID(id);
  float x = at.x;
  for (size_t i = 0; i < choices.size(); ++i) {
    const ImVec2 text = TextSize(theme, choices[i], Theme::kNormal);
    const float part = text.x + 2 * padding;
    ImGui::SetCursorScreenPos(ImVec2(x, at.y));
    ImGui::PushID(static_cast<int>(i));
    if (ImGui::InvisibleButton("choice", ImVec2(part, height))) chosen = static_cast<int>(i);
    const bool hovered = ImGui::IsItemHovered();
    ImGui::PopID();
    const bool is_chosen = chosen == static_cast<int>(i);
    if (is_chosen) {
      const float inset = theme.Px(3);
      list.AddRectFilled(ImVec2(x + inset, at.y + inset),
                         ImVec2(x + part - inset, at.y + height - inset), c.accent, theme.Px(6));
    }
    list.AddText(theme.regular(), theme.Px(Theme::kNormal),
                 ImVec2(x + padding, at.y + (height - text.y) / 2),
                 is_chosen ? c.on_accent : (hovered ? c.text : c.muted), Begin(choices[i]),
                 End(choices[i]));
    x += part;
  }
  ImGui::PopID();
  ImGui::SetCursorScreenPos(at);
  ImGui::Dummy(ImVec2(width, height));
  return chosen;
}

void Pill(const Theme& theme, std::string_view text, ImU32 colour) {
  const ImVec2 size = TextSize(theme, text, Theme::kSmall);
  const float height = theme.Px(24);
  const float padding = theme.Px(10);
  const float dot = theme.Px(3.5f);
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float width = padding * 2 + dot * 2 + theme.Px(6) + size.x;
  ImDrawList& list = *ImGui::GetWindowDrawList();
  list.AddRectFilled(at, ImVec2(at.x + width, at.y + height), WithAlpha(colour, 0.14f), height / 2);
  list.AddCircleFilled(ImVec2(at.x + padding + dot, at.y + height / 2), dot, colour);
  list.AddText(theme.regular(), theme.Px(Theme::kSmall),
               ImVec2(at.x + padding + dot * 2 + theme.Px(6), at.y + (height - size.y) / 2), colour,
               Begin(text), End(text));
  ImGui::Dummy(ImVec2(width, height));
}

bool Toggle(const Theme& theme, const char* id, std::string_view label, bool on,
            std::string_view tooltip) {
  const Theme::Colours& c = theme.colours();
  const ImVec2 text = TextSize(theme, label, Theme::kSmall);
  const float height = theme.Px(16);
  const float width = theme.Px(28);
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const bool clicked =
      ImGui::InvisibleButton(id, ImVec2(width + theme.Px(7) + text.x, std::max(height, text.y)));
  if (ImGui::IsItemHovered(ImGuiHoveredFlags_DelayShort)) Tooltip(theme, tooltip);
  ImDrawList& list = *ImGui::GetWindowDrawList();
  list.AddRectFilled(at, ImVec2(at.x + width, at.y + height), on ? c.accent : c.bar, height / 2);
  const float knob = height / 2 - theme.Px(2.5f);
  const float x = on ? at.x + width - height / 2 : at.x + height / 2;
  list.AddCircleFilled(ImVec2(x, at.y + height / 2), knob, on ? c.on_accent : c.card);
  list.AddText(theme.regular(), theme.Px(Theme::kSmall),
               ImVec2(at.x + width + theme.Px(7), at.y + (height - text.y) / 2), c.muted,
               Begin(label), End(label));
  return clicked;
}

void ProgressBar(const Theme& theme, float fraction, float width, float height, ImU32 colour) {
  const ImVec2 at = ImGui::GetCursorScreenPos();
  ImDrawList& list = *ImGui::GetWindowDrawList();
  list.AddRectFilled(at, ImVec2(at.x + width, at.y + height), theme.colours().raised, height / 2);
  const float filled = width * std::clamp(fraction, 0.0f, 1.0f);
  if (filled > 0) {
    list.AddRectFilled(at, ImVec2(at.x + std::max(filled, height), at.y + height), colour,
                       height / 2);
  }
  ImGui::Dummy(ImVec2(width, height));
}

void Value(const Theme& theme, std::string_view label, std::string_view value) {
  ImGui::BeginGroup();
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(0, theme.Px(1)));
  ColouredText(theme, label, theme.colours().muted, Theme::kSmall);
  Text(theme, value, Theme::kNormal);
  ImGui::PopStyleVar();
  ImGui::EndGroup();
}

void Tooltip(const Theme& theme, std::string_view text) {
  if (text.empty()) return;
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(theme.Px(10), theme.Px(7)));
  ImGui::BeginTooltip();
  ColouredText(theme, text, theme.colours().text, Theme::kSmall);
  ImGui::EndTooltip();
  ImGui::PopStyleVar();
}

}  // namespace dqnd
