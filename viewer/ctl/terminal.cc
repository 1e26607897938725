#include "viewer/ctl/terminal.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>
#include <system_error>

namespace dqnd {
namespace {

constexpr std::string_view kEnter = "\x1b[?1049h\x1b[?25l\x1b[2J";
constexpr std::string_view kLeave = "\x1b[0m\x1b[?25h\x1b[?1049l";

}  // namespace

std::optional<TerminalSize> SizeOfTerminal(int descriptor) {
  const char* kind = std::getenv("TERM");
  if (isatty(descriptor) != 1 || kind == nullptr || std::string_view(kind) == "dumb") {
    return std::nullopt;
  }
  winsize size{};
  if (ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) {
    return TerminalSize();  // serial lines do not say
  }
  return TerminalSize{.columns = size.ws_col, .rows = size.ws_row};
}

ColourDepth ColourDepthOf(const char* colorterm) {
  const std::string_view said = colorterm == nullptr ? "" : colorterm;
  return said == "truecolor" || said == "24bit" ? ColourDepth::kTrueColour : ColourDepth::k256;
}

void WriteOut(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(STDOUT_FILENO, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      throw std::runtime_error("cannot write to standard output: " +
                               std::generic_category().message(errno));
    }
    text.remove_prefix(static_cast<size_t>(written));
  }
}

FullScreen::FullScreen() {
  WriteOut(kEnter);
}

FullScreen::~FullScreen() {
  try {
    WriteOut(kLeave);
  } catch (const std::runtime_error&) {
    // A terminal that is gone needs no restoring.
  }
}

}  // namespace dqnd
