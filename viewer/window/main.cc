#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <map>
#include <string>

#include "viewer/window/app.h"
#include "viewer/window/window.h"

namespace {

struct CommandLine {
  dqnd::AppOptions app;
  dqnd::WindowOptions window;
  std::string size;
};

void Describe(CLI::App& command, CommandLine& line) {
  command.add_option("ADDRESS", line.app.named,
                     "HOST:PORT, unix:PATH, the dqnd:// link that a daemon printed, a run "
                     "directory, or a recording (.dqnrec); without it a dialogue asks");
  command.add_option("--theme", line.window.theme, "light or dark")
      ->transform(CLI::CheckedTransformer(std::map<std::string, dqnd::ThemeName>{
          {"light", dqnd::ThemeName::kLight}, {"dark", dqnd::ThemeName::kDark}}));
  command
      .add_option("--mode", line.app.mode,
                  "training: the run as it trains; exhibition: a game of its own, in real time")
      ->transform(CLI::CheckedTransformer(std::map<std::string, dqnd::ViewMode>{
          {"training", dqnd::ViewMode::kTraining}, {"exhibition", dqnd::ViewMode::kExhibition}}));
  command.add_option("--size", line.size, "WIDTHxHEIGHT of the window (1280x800)");
  command.add_option("--scale", line.window.scale,
                     "screen pixels for a unit of text and layout (what the display says)");
  command.add_option("--screenshot", line.app.screenshot,
                     "write the window to this PNG file and end; needs no display");
  command.add_option("--after", line.app.screenshot_after_seconds,
                     "seconds until the screenshot is taken (3)");
  command.add_option("--delays", line.app.delays,
                     "write to this CSV file how old each moment is when its picture is seen");
}

int Main(int argc, char** argv) {
  CommandLine line;
  CLI::App command("Watches a dqnd daemon, or plays a recording of one.", "dqnview");
  Describe(command, line);
  try {
    command.parse(argc, argv);
    if (!line.size.empty() &&
        std::sscanf(line.size.c_str(), "%5dx%5d", &line.window.width, &line.window.height) != 2) {
      throw CLI::ValidationError("--size", "\"" + line.size + "\" is no size; write 1280x800");
    }
  } catch (const CLI::ParseError& error) {
    return command.exit(error) == 0 ? 0 : 2;
  }
  line.window.may_be_unseen = !line.app.screenshot.empty();
  dqnd::Window window(line.window);
  dqnd::App app(window, line.app);
  window.Run([&app] { return app.Draw(); });
  if (app.failure().empty()) return 0;
  std::fprintf(stderr, "dqnview: %s\n", app.failure().c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return Main(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "dqnview: %s\n", error.what());
    return 1;
  }
}
