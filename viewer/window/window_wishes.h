#pragma once

#include "viewer/window/theme.h"
#include "viewer/window/window.h"

namespace dqnd {

// What the person wanted of the window rather than of what it shows, by key or by button, since it
// was last asked. Every screen has them.
struct WindowWishes {
  bool connect = false;  // to another daemon
  bool help = false;
  bool theme = false;  // the other one
  bool screenshot = false;

  // Of this frame; full screen is done at once.
  void TakeKeys(Window& window);

  // Connect, theme and help, in a row. `connect_hint` says what the first one does.
  void DrawButtons(const Theme& look, const char* connect_hint);
};

}  // namespace dqnd
