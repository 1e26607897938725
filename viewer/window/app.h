#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "viewer/client/recent_addresses.h"
#include "viewer/window/connect_dialog.h"
#include "viewer/window/delay_log.h"
#include "viewer/window/live_screen.h"
#include "viewer/window/recording_screen.h"
#include "viewer/window/window.h"

namespace dqnd {

// What the command line says.
struct AppOptions {
  std::string named;  // address, run directory or recording; empty: the dialogue asks
  std::optional<ViewMode> mode;
  std::filesystem::path screenshot;  // not empty: take one, then end
  double screenshot_after_seconds = 3;
  std::filesystem::path delays;  // not empty: write how old each moment is when it is seen
};

// dqnview: which of its screens is shown, and what leads from one to another.
//
// Owned and called by the window's thread.
class App {
 public:
  App(Window& window, AppOptions options);

  // One frame. Returns after how many seconds something changes by itself; negative: never.
  double Draw();

  // Whether the screenshot that the command line asked for could not be taken, and why.
  const std::string& failure() const { return failure_; }

 private:
  void Open(const Destination& destination);
  void FollowConnection();
  void Obey(const WindowWishes& wishes);
  void TakeScreenshot();
  double TakePromisedScreenshot();
  void DrawDialog();

  Window& window_;
  const AppOptions options_;
  RecentAddresses recent_;
  ConnectDialog dialog_;
  bool dialog_is_open_ = false;
  bool help_is_open_ = false;
  bool is_remembered_ = false;  // the live screen's address
  bool screenshot_is_taken_ = false;
  std::string failure_;
  std::optional<DelayLog> delays_;
  std::unique_ptr<LiveScreen> live_;
  std::unique_ptr<RecordingScreen> recording_;
};

}  // namespace dqnd
