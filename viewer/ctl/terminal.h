#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace dqnd {

struct TerminalSize {
  int columns = 80;
  int rows = 24;

  friend bool operator==(const TerminalSize&, const TerminalSize&) = default;
};

// The size of the terminal behind a descriptor, which changes at any time; nothing where there is
// none, or one that cannot move its cursor.
std::optional<TerminalSize> SizeOfTerminal(int descriptor);

// How many colours a terminal shows.
enum class ColourDepth {
  k256,
  kTrueColour,  // 24 bits
};

// By the environment variable COLORTERM, which terminals with 24 bits set to "truecolor" or
// "24bit"; null: it is not set.
ColourDepth ColourDepthOf(const char* colorterm);

// Writes all of `text` to standard output, unbuffered. Throws std::runtime_error when nobody reads
// it any more.
void WriteOut(std::string_view text);

// While it lives, the terminal on standard output shows another screen than the shell's, without a
// cursor; after that everything is as it was.
class FullScreen {
 public:
  FullScreen();
  FullScreen(const FullScreen&) = delete;
  FullScreen& operator=(const FullScreen&) = delete;
  ~FullScreen();
};

}  // namespace dqnd
