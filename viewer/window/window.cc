#include "viewer/window/window.h"

#include <fmt/format.h>
#include <imgui.h>
#include <imgui_impl_sdl2.h>
#include <imgui_impl_sdlrenderer2.h>
#include <implot.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <stdexcept>
#include <string_view>
#include <thread>
#include <utility>

#include "viewer/window/png_file.h"

namespace dqnd {
namespace {

// ImGui needs a few frames until everything stands where an event has put it.
constexpr int kFramesAfterEvent = 3;
constexpr int kLongestWaitMs = 1000;
// Where the display's own timing does not limit it.
constexpr std::chrono::milliseconds kShortestFrame(7);

[[noreturn]] void ThrowNoDisplay(const std::string& why) {
  throw std::runtime_error(
      fmt::format("no display: {}. Set DISPLAY or WAYLAND_DISPLAY (over ssh: ssh -X), or run "
                  "dqnview on your desktop with the address of the daemon; --screenshot FILE works "
                  "without one",
                  why));
}

}  // namespace

Window::Window(const WindowOptions& options) : options_(options) {
  SDL_SetHint(SDL_HINT_VIDEO_HIGHDPI_DISABLED, "0");
  SDL_SetHint(SDL_HINT_QUIT_ON_LAST_WINDOW_CLOSE, "1");
  SDL_SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "0");
  if (SDL_Init(SDL_INIT_VIDEO) != 0) ThrowNoDisplay(SDL_GetError());
  const std::string driver = SDL_GetCurrentVideoDriver();
  const char* wanted = SDL_getenv("SDL_VIDEODRIVER");
  const bool is_wanted = wanted != nullptr && *wanted != '\0';
  const bool unseen = driver == "offscreen" || driver == "dummy" || driver == "evdev";
  if (unseen && !options.may_be_unseen && !is_wanted) {
    SDL_Quit();
    ThrowNoDisplay(
        fmt::format("SDL found none and would draw to \"{}\", where nobody sees it", driver));
  }
  window_ = SDL_CreateWindow(options.title.c_str(), SDL_WINDOWPOS_CENTERED, SDL_WINDOWPOS_CENTERED,
                             options.width, options.height,
                             SDL_WINDOW_RESIZABLE | SDL_WINDOW_ALLOW_HIGHDPI);
  if (window_ != nullptr) renderer_ = SDL_CreateRenderer(window_, -1, SDL_RENDERER_PRESENTVSYNC);
  if (window_ != nullptr && renderer_ == nullptr) {
    renderer_ = SDL_CreateRenderer(window_, -1, SDL_RENDERER_SOFTWARE);
  }
  if (renderer_ == nullptr) {
    const std::string why = SDL_GetError();
    SDL_Quit();
    ThrowNoDisplay(why);
  }
  wake_event_ = SDL_RegisterEvents(1);

  IMGUI_CHECKVERSION();
  ImGui::CreateContext();
  ImPlot::CreateContext();
  ImGui::GetIO().IniFilename = nullptr;
  ImGui::GetIO().LogFilename = nullptr;
  ImGui_ImplSDL2_InitForSDLRenderer(window_, renderer_);
  ImGui_ImplSDLRenderer2_Init(renderer_);
  theme_ = std::make_unique<Theme>(options.theme, DisplayScale());
}

Window::~Window() {
  ImGui_ImplSDLRenderer2_Shutdown();
  ImGui_ImplSDL2_Shutdown();
  ImPlot::DestroyContext();
  ImGui::DestroyContext();
  SDL_DestroyRenderer(renderer_);
  SDL_DestroyWindow(window_);
  SDL_Quit();
}

// Where the window system counts in units of its own, its pixels are finer already; elsewhere the
// display's dots per inch say it, in quarters.
float Window::DisplayScale() const {
  if (options_.scale > 0) return options_.scale;
  int output_width = 0;
  int window_width = 0;
  SDL_GetRendererOutputSize(renderer_, &output_width, nullptr);
  SDL_GetWindowSize(window_, &window_width, nullptr);
  if (window_width > 0 && output_width > window_width) return 1;  // ImGui's own scale does it
  float dots_per_inch = 96;
  const bool is_x11 = std::string_view(SDL_GetCurrentVideoDriver()) == "x11";
  if (is_x11 && SDL_GetDisplayDPI(SDL_GetWindowDisplayIndex(window_), nullptr, &dots_per_inch,
                                  nullptr) != 0) {
    dots_per_inch = 96;
  }
  return std::clamp(std::floor(dots_per_inch / 96 * 4 + 0.5f) / 4, 1.0f, 3.0f);
}

void Window::Wake() {
  SDL_Event event = {};
  event.type = wake_event_;
  // One is enough, however many threads have news.
  if (!SDL_HasEvent(wake_event_)) SDL_PushEvent(&event);
}

void Window::SetTitle(const std::string& title) {
  if (title != SDL_GetWindowTitle(window_)) SDL_SetWindowTitle(window_, title.c_str());
}

void Window::ToggleFullscreen() {
  const bool is_full = (SDL_GetWindowFlags(window_) & SDL_WINDOW_FULLSCREEN_DESKTOP) != 0;
  SDL_SetWindowFullscreen(window_, is_full ? 0 : SDL_WINDOW_FULLSCREEN_DESKTOP);
}

void Window::Run(const std::function<double()>& draw) {
  int frames = kFramesAfterEvent;
  while (!closing_) {
    SDL_Event event;
    bool has_event = false;
    if (frames > 0) {
      has_event = SDL_PollEvent(&event) != 0;
    } else {
      const int wait_ms =
          wanted_seconds_ >= 0
              ? std::clamp(static_cast<int>(wanted_seconds_ * 1000 + 0.5), 1, kLongestWaitMs)
              : kLongestWaitMs;
      has_event = SDL_WaitEventTimeout(&event, wait_ms) != 0;
      if (!has_event && wanted_seconds_ < 0) continue;
      frames = 1;
    }
    while (has_event) {
      // Whoever wakes us wants one frame; whoever touches the window, all that it takes.
      frames = std::max(frames, event.type == wake_event_ ? 1 : kFramesAfterEvent);
      if (event.type == SDL_QUIT) closing_ = true;
      if (event.type != wake_event_) ImGui_ImplSDL2_ProcessEvent(&event);
      has_event = SDL_PollEvent(&event) != 0;
    }
    const auto begin = std::chrono::steady_clock::now();
    DrawFrame(draw);
    --frames;
    std::this_thread::sleep_until(begin + kShortestFrame);
  }
}

void Window::DrawFrame(const std::function<double()>& draw) {
  theme_->SetScale(DisplayScale());
  ImGui_ImplSDLRenderer2_NewFrame();
  ImGui_ImplSDL2_NewFrame();
  ImGui::NewFrame();
  wanted_seconds_ = draw();
  ImGui::Render();
  const ImVec2 framebuffer = ImGui::GetIO().DisplayFramebufferScale;
  SDL_RenderSetScale(renderer_, framebuffer.x, framebuffer.y);
  // Windows that fill the screen need no background of their own: without a graphics card, filling
  // all of it once more takes 7 ms.
  const ImVec4 back = ImGui::ColorConvertU32ToFloat4(theme_->colours().background);
  const auto byte = [](float part) { return static_cast<uint8_t>(part * 255 + 0.5f); };
  SDL_SetRenderDrawColor(renderer_, byte(back.x), byte(back.y), byte(back.z), 255);
  SDL_RenderClear(renderer_);
  ImGui_ImplSDLRenderer2_RenderDrawData(ImGui::GetDrawData(), renderer_);
  WriteScreenshot();
  SDL_RenderPresent(renderer_);
  if (presented_) presented_();
}

void Window::TakeScreenshot(std::filesystem::path path,
                            std::function<void(const std::string&)> then) {
  screenshot_ = std::move(path);
  screenshot_then_ = std::move(then);
}

void Window::WriteScreenshot() {
  if (!screenshot_then_) return;
  std::string failure;
  int width = 0;
  int height = 0;
  SDL_GetRendererOutputSize(renderer_, &width, &height);
  std::vector<uint8_t> rgb(static_cast<size_t>(width) * static_cast<size_t>(height) * 3);
  if (SDL_RenderReadPixels(renderer_, nullptr, SDL_PIXELFORMAT_RGB24, rgb.data(), width * 3) != 0) {
    failure = SDL_GetError();
  } else {
    try {
      WritePng(screenshot_, width, height, rgb);
    } catch (const std::runtime_error& error) {
      failure = error.what();
    }
  }
  std::exchange(screenshot_then_, nullptr)(failure);
}

}  // namespace dqnd
