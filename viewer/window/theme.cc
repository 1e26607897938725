#include "viewer/window/theme.h"

#include <implot.h>

#include <algorithm>
#include <filesystem>
#include <initializer_list>

namespace dqnd {
namespace {

namespace fs = std::filesystem;

constexpr ImU32 Rgb(unsigned int hex) {
  return IM_COL32((hex >> 16) & 255, (hex >> 8) & 255, hex & 255, 255);
}

constexpr Theme::Colours kLight = {
    .background = Rgb(0xF3F4F7),
    .card = Rgb(0xFFFFFF),
    .raised = Rgb(0xEAEDF2),
    .hovered = Rgb(0xDFE3EA),
    .border = Rgb(0xE1E4EA),
    .text = Rgb(0x191D24),
    .muted = Rgb(0x667080),
    .accent = Rgb(0x3563E9),
    .on_accent = Rgb(0xFFFFFF),
    .random = Rgb(0xC77A17),
    .person = Rgb(0x14885E),
    .good = Rgb(0x14885E),
    .warning = Rgb(0xB86E0C),
    .danger = Rgb(0xD03A3A),
    .bar = Rgb(0xCBD3E3),
    .stage = Rgb(0xE7E9EE),
};

constexpr Theme::Colours kDark = {
    .background = Rgb(0x0E1116),
    .card = Rgb(0x161A21),
    .raised = Rgb(0x212731),
    .hovered = Rgb(0x2B3340),
    .border = Rgb(0x262C37),
    .text = Rgb(0xE7EAF0),
    .muted = Rgb(0x8C95A4),
    .accent = Rgb(0x6F9BFF),
    .on_accent = Rgb(0x0B1020),
    .random = Rgb(0xF0A94B),
    .person = Rgb(0x4CC790),
    .good = Rgb(0x4CC790),
    .warning = Rgb(0xF0A94B),
    .danger = Rgb(0xFF6F6B),
    .bar = Rgb(0x38445A),
    .stage = Rgb(0x1D222B),
};

constexpr std::initializer_list<const char*> kFontFolders = {
    "/usr/share/fonts/opentype/inter",
    "/usr/share/fonts/truetype/inter",
    "/usr/share/fonts/inter",
    "/usr/local/share/fonts/inter",
    "/Library/Fonts",
};

ImFont* LoadInter(const char* file) {
  for (const char* folder : kFontFolders) {
    const fs::path path = fs::path(folder) / file;
    std::error_code error;
    if (!fs::exists(path, error)) continue;
    return ImGui::GetIO().Fonts->AddFontFromFileTTF(path.string().c_str());
  }
  return nullptr;
}

ImVec4 Float(ImU32 colour) {
  return ImGui::ColorConvertU32ToFloat4(colour);
}

void ApplyColours(const Theme::Colours& c) {
  ImVec4* colours = ImGui::GetStyle().Colors;
  colours[ImGuiCol_Text] = Float(c.text);
  colours[ImGuiCol_TextDisabled] = Float(c.muted);
  colours[ImGuiCol_WindowBg] = Float(c.background);
  colours[ImGuiCol_ChildBg] = Float(WithAlpha(c.card, 0));
  colours[ImGuiCol_PopupBg] = Float(c.card);
  colours[ImGuiCol_Border] = Float(c.border);
  colours[ImGuiCol_FrameBg] = Float(c.raised);
  colours[ImGuiCol_FrameBgHovered] = Float(c.hovered);
  colours[ImGuiCol_FrameBgActive] = Float(c.hovered);
  colours[ImGuiCol_Button] = Float(c.raised);
  colours[ImGuiCol_ButtonHovered] = Float(c.hovered);
  colours[ImGuiCol_ButtonActive] = Float(c.border);
  colours[ImGuiCol_CheckMark] = Float(c.accent);
  colours[ImGuiCol_SliderGrab] = Float(c.accent);
  colours[ImGuiCol_SliderGrabActive] = Float(c.accent);
  colours[ImGuiCol_Header] = Float(c.raised);
  colours[ImGuiCol_HeaderHovered] = Float(c.hovered);
  colours[ImGuiCol_HeaderActive] = Float(c.hovered);
  colours[ImGuiCol_Separator] = Float(c.border);
  colours[ImGuiCol_ScrollbarBg] = Float(WithAlpha(c.card, 0));
  colours[ImGuiCol_ScrollbarGrab] = Float(c.border);
  colours[ImGuiCol_ScrollbarGrabHovered] = Float(c.bar);
  colours[ImGuiCol_ScrollbarGrabActive] = Float(c.bar);
  colours[ImGuiCol_TextSelectedBg] = Float(WithAlpha(c.accent, 0.3f));
  colours[ImGuiCol_NavCursor] = Float(c.accent);
  colours[ImGuiCol_ModalWindowDimBg] = Float(IM_COL32(8, 10, 14, 130));

  ImVec4* plot = ImPlot::GetStyle().Colors;
  plot[ImPlotCol_FrameBg] = Float(WithAlpha(c.card, 0));
  plot[ImPlotCol_PlotBg] = Float(WithAlpha(c.card, 0));
  plot[ImPlotCol_PlotBorder] = Float(WithAlpha(c.border, 0));
  plot[ImPlotCol_AxisText] = Float(c.muted);
  plot[ImPlotCol_AxisGrid] = Float(c.border);
  plot[ImPlotCol_AxisTick] = Float(WithAlpha(c.border, 0));
  plot[ImPlotCol_AxisBg] = Float(WithAlpha(c.card, 0));
  plot[ImPlotCol_Crosshairs] = Float(c.muted);
}

}  // namespace

ImU32 WithAlpha(ImU32 colour, float alpha) {
  const auto opacity = static_cast<ImU32>(std::clamp(alpha, 0.0f, 1.0f) * 255.0f + 0.5f);
  return (colour & ~IM_COL32_A_MASK) | (opacity << IM_COL32_A_SHIFT);
}

Theme::Theme(ThemeName name, float scale) : name_(name), scale_(scale) {
  regular_ = LoadInter("Inter-Regular.otf");
  strong_ = LoadInter("Inter-SemiBold.otf");
  if (regular_ == nullptr) regular_ = ImGui::GetIO().Fonts->AddFontDefault();
  if (strong_ == nullptr) strong_ = regular_;
  Apply();
}

void Theme::Set(ThemeName name) {
  name_ = name;
  Apply();
}

void Theme::SetScale(float scale) {
  if (scale == scale_) return;
  scale_ = scale;
  Apply();
}

void Theme::Apply() {
  colours_ = name_ == ThemeName::kLight ? kLight : kDark;
  ImGuiStyle style;
  style.FontSizeBase = kNormal;
  style.WindowPadding = ImVec2(0, 0);
  style.WindowBorderSize = 0;
  style.WindowMinSize = ImVec2(1, 1);
  style.FramePadding = ImVec2(10, 6);
  style.FrameRounding = 7;
  style.ItemSpacing = ImVec2(8, 6);
  style.ItemInnerSpacing = ImVec2(6, 4);
  style.PopupRounding = 10;
  style.PopupBorderSize = 1;
  style.ChildBorderSize = 0;
  style.ScrollbarSize = 8;
  style.ScrollbarRounding = 4;
  style.GrabRounding = 6;
  style.ScaleAllSizes(scale_);
  style.FontScaleDpi = scale_;
  ImGui::GetStyle() = style;

  ImPlotStyle plot;
  plot.PlotMinSize = ImVec2(Px(40), Px(30));
  plot.PlotPadding = ImVec2(Px(10), Px(4));
  plot.LabelPadding = ImVec2(Px(4), Px(3));
  plot.MajorTickLen = plot.MinorTickLen = ImVec2(0, 0);
  plot.FitPadding = ImVec2(0, 0.08f);
  plot.MinorAlpha = 0;
  plot.PlotBorderSize = 0;
  ImPlot::GetStyle() = plot;
  ApplyColours(colours_);
}

}  // namespace dqnd
