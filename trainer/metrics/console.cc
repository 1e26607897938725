#include "trainer/metrics/console.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string_view>

namespace dqnd {
namespace {

// What a terminal has that does not say (serial lines answer 0 by 0).
constexpr TerminalSize kCustomarySize = {.columns = 80, .rows = 24};

bool MovesItsCursor(int descriptor) {
  const char* kind = std::getenv("TERM");
  return isatty(descriptor) == 1 && kind != nullptr && std::string_view(kind) != "dumb";
}

}  // namespace

FileDescriptorConsole::FileDescriptorConsole(int descriptor)
    : descriptor_(descriptor), is_terminal_(MovesItsCursor(descriptor)) {}

void FileDescriptorConsole::Write(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(descriptor_, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    text.remove_prefix(static_cast<size_t>(written));
  }
}

std::optional<TerminalSize> FileDescriptorConsole::terminal_size() {
  if (!is_terminal_) return std::nullopt;
  winsize size{};
  if (ioctl(descriptor_, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) {
    return kCustomarySize;
  }
  return TerminalSize{.columns = size.ws_col, .rows = size.ws_row};
}

}  // namespace dqnd
