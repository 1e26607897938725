#pragma once

#include <imgui.h>

namespace dqnd {

// Whether the key went down in this frame.
inline bool Pressed(ImGuiKey key) {
  return ImGui::IsKeyPressed(key, false);
}

// The same, and again and again while it is held.
inline bool PressedOrHeld(ImGuiKey key) {
  return ImGui::IsKeyPressed(key, true);
}

}  // namespace dqnd
