#include "viewer/ctl/game_screen.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "viewer/ctl/half_blocks.h"
#include "viewer/ctl/moment_text.h"

namespace dqnd {
namespace {

constexpr int kLinesBelow = 3;
constexpr const char* kBold = "\x1b[1m";
constexpr const char* kPlain = "\x1b[0m";

// The first `columns` characters; what is longer in bytes because it is not ASCII is cut between
// two characters.
std::string Clipped(std::string text, int columns) {
  size_t end = 0;
  for (int characters = 0; end < text.size(); ++end) {
    const bool continues = (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80;
    if (!continues && ++characters > columns) break;
  }
  text.resize(end);
  return text;
}

}  // namespace

std::vector<std::string> GameRows(const v1::EnvironmentSpec& environment,
                                  const GameContent& content, const TerminalSize& size,
                                  ColourDepth depth) {
  // One less, since some terminals wrap as soon as the last column is full.
  const int columns = std::max(1, size.columns - 1);
  std::vector<std::string> rows;
  const bool has_picture = content.moment.has_value() && content.moment->picture != nullptr &&
                           content.moment->picture->width > 0 &&
                           content.moment->picture->height > 0;
  const int room = size.rows - kLinesBelow;
  if (has_picture && room > 0) {
    const RgbaPicture& picture = *content.moment->picture;
    const PixelGrid grid =
        FitInto(picture, environment.pixel_aspect(), {.columns = columns, .rows = room});
    rows = HalfBlockLines(ScaledTo(grid, picture), depth);
  }
  const auto line = [&](const std::string& text) { rows.push_back(Clipped(text, columns)); };
  const std::string title =
      content.about.empty() ? content.title : content.title + ": " + content.about;
  rows.push_back(fmt::format("{}{}{}", kBold, Clipped(title, columns), kPlain));
  if (content.moment.has_value() && content.moment->step.has_value()) {
    line(StepLine(*content.moment->step));
    line(ActionLine(environment, *content.moment->step, columns));
  } else {
    line(has_picture ? "a new game" : "no picture yet; a paused run has none to show");
  }
  rows.resize(std::min(rows.size(), static_cast<size_t>(std::max(0, size.rows))));
  return rows;
}

std::string Repainting(const std::vector<std::string>& shown,
                       const std::vector<std::string>& wanted) {
  std::string text;
  for (size_t row = 0; row < std::max(shown.size(), wanted.size()); ++row) {
    const std::string& now = row < wanted.size() ? wanted[row] : std::string();
    if (row < shown.size() && shown[row] == now) continue;
    text += fmt::format("\x1b[{};1H{}\x1b[K", row + 1, now);
  }
  return text;
}

GameScreen::GameScreen(v1::EnvironmentSpec environment, ColourDepth depth)
    : environment_(std::move(environment)), depth_(depth) {}

void GameScreen::Draw(const GameContent& content) {
  const TerminalSize size = SizeOfTerminal(STDOUT_FILENO).value_or(TerminalSize());
  if (std::exchange(size_, size) != size) {
    WriteOut("\x1b[2J");
    shown_.clear();
  }
  std::vector<std::string> rows = GameRows(environment_, content, size, depth_);
  WriteOut(Repainting(shown_, rows));
  shown_ = std::move(rows);
}

}  // namespace dqnd
