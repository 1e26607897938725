#include "viewer/window/window_wishes.h"

#include <imgui.h>

#include "viewer/window/keys.h"
#include "viewer/window/widgets.h"

namespace dqnd {

void WindowWishes::TakeKeys(Window& window) {
  const ImGuiIO& io = ImGui::GetIO();
  if (Pressed(ImGuiKey_F1) || (io.KeyShift && Pressed(ImGuiKey_Slash))) help = true;
  if (Pressed(ImGuiKey_F12)) screenshot = true;
  if (Pressed(ImGuiKey_F11)) window.ToggleFullscreen();
  if (!io.KeyCtrl) return;
  if (Pressed(ImGuiKey_O)) connect = true;
  if (Pressed(ImGuiKey_L)) theme = true;
}

void WindowWishes::DrawButtons(const Theme& look, const char* connect_hint) {
  connect |= Button(look, "connect", Icon::kPlug, "", connect_hint);
  ImGui::SameLine();
  const bool dark = look.name() == ThemeName::kDark;
  theme |= Button(look, "theme", dark ? Icon::kSun : Icon::kMoon, "", "Light or dark  [Ctrl L]");
  ImGui::SameLine();
  help |= Button(look, "help", Icon::kHelp, "", "Keys  [F1]");
}

}  // namespace dqnd
