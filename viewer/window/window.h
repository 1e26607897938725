#pragma once

#include <SDL.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "viewer/window/theme.h"

namespace dqnd {

// How the window begins.
struct WindowOptions {
  std::string title = "dqnview";
  int width = 1280;  // units; screens with a finer grid have more pixels
  int height = 800;
  ThemeName theme = ThemeName::kDark;
  float scale = 0;             // screen pixels for a unit; 0: what the display says
  bool may_be_unseen = false;  // for screenshots: no display is needed
};

// The one window, with ImGui and ImPlot in it. Draws when something happens and not otherwise: an
// event, a Wake, or a time that the drawer asked for.
//
// Everything but Wake belongs to the thread that made it.
class Window {
 public:
  // Throws std::runtime_error when there is no display, and says how to get one.
  explicit Window(const WindowOptions& options);
  Window(const Window&) = delete;
  Window& operator=(const Window&) = delete;
  ~Window();

  // Draws frames until Close or until the person closes the window. `draw` is called within an
  // ImGui frame, and says after how many seconds it wants to be called again if nothing happens
  // (negative: not).
  void Run(const std::function<double()>& draw);

  // `presented` is called after each frame, once it is on the screen.
  void OnPresented(std::function<void()> presented) { presented_ = std::move(presented); }

  void Close() { closing_ = true; }
  // Draws another frame soon. May be called by any thread.
  void Wake();
  void SetTitle(const std::string& title);
  void ToggleFullscreen();

  Theme& theme() { return *theme_; }
  SDL_Renderer* renderer() { return renderer_; }

  // Writes what is drawn in this frame as a PNG file, when it is complete; then calls `then` with
  // an empty text or with what went wrong.
  void TakeScreenshot(std::filesystem::path path, std::function<void(const std::string&)> then);

 private:
  float DisplayScale() const;
  void DrawFrame(const std::function<double()>& draw);
  void WriteScreenshot();

  const WindowOptions options_;
  SDL_Window* window_ = nullptr;
  SDL_Renderer* renderer_ = nullptr;
  uint32_t wake_event_ = 0;
  std::unique_ptr<Theme> theme_;
  bool closing_ = false;
  double wanted_seconds_ = -1;
  std::function<void()> presented_;
  std::filesystem::path screenshot_;
  std::function<void(const std::string&)> screenshot_then_;
};

}  // namespace dqnd
