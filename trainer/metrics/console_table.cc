#include "trainer/metrics/console_table.h"

#include <fmt/format.h>

#include <algorithm>

namespace dqnd {
namespace {

constexpr double kSecondsBetweenDrawings = 0.2;

// The first `columns` characters, less one: some terminals wrap as soon as the last column is full.
std::string_view Clipped(std::string_view line, int columns) {
  return line.substr(0, static_cast<size_t>(std::max(1, columns - 1)));
}

}  // namespace

ConsoleTable::ConsoleTable(Console& console, int64_t total_env_steps)
    : console_(console), progress_(total_env_steps) {}

void ConsoleTable::GoOnFrom(int64_t env_steps, double elapsed_seconds) {
  const std::lock_guard lock(mutex_);
  progress_.GoOnFrom(env_steps, elapsed_seconds);
}

void ConsoleTable::Report(int64_t env_steps, double elapsed_seconds,
                          std::span<const Scalar> scalars) {
  const std::lock_guard lock(mutex_);
  progress_.Update(env_steps, elapsed_seconds);
  const TaggedValues reported = Merge(scalars);
  if (console_.terminal_size().has_value()) {
    DrawUnlessJustDone(elapsed_seconds);
  } else {
    console_.Write(PlainLine(progress_, reported) + "\n");
  }
}

void ConsoleTable::Advance(int64_t env_steps, double elapsed_seconds) {
  const std::lock_guard lock(mutex_);
  progress_.Update(env_steps, elapsed_seconds);
  DrawUnlessJustDone(elapsed_seconds);
}

void ConsoleTable::PrintLine(std::string_view line) {
  const std::lock_guard lock(mutex_);
  const std::optional<TerminalSize> size = console_.terminal_size();
  if (!size.has_value() || !shows_table_) {
    console_.Write(fmt::format("{}\n", line));
    return;
  }
  const std::string erasure = Erasure(*size);
  console_.Write(fmt::format("{}{}\n{}", erasure, line, Drawing(*size)));
}

void ConsoleTable::Finish() {
  const std::lock_guard lock(mutex_);
  const std::optional<TerminalSize> size = console_.terminal_size();
  if (size.has_value() && shows_table_) {
    const std::string erasure = Erasure(*size);
    console_.Write(erasure + Drawing(*size));
  }
  shows_table_ = false;
  drawn_lines_ = 0;
  drawn_at_elapsed_seconds_.reset();
}

void ConsoleTable::DrawUnlessJustDone(double elapsed_seconds) {
  shows_table_ = true;
  if (drawn_at_elapsed_seconds_.has_value() &&
      elapsed_seconds - *drawn_at_elapsed_seconds_ < kSecondsBetweenDrawings) {
    return;
  }
  drawn_at_elapsed_seconds_ = elapsed_seconds;
  const std::optional<TerminalSize> size = console_.terminal_size();
  if (!size.has_value()) return;
  const std::string erasure = Erasure(*size);
  console_.Write(erasure + Drawing(*size));
}

// A window that became narrower may have wrapped the drawn lines, or cut them; nobody can tell how
// many there are now. The old drawing is then left where it is, and the new one starts below it.
std::string ConsoleTable::Erasure(const TerminalSize& size) const {
  if (drawn_lines_ == 0 || size.columns < drawn_columns_) return "";
  return fmt::format("\r\x1b[{}A\x1b[J", drawn_lines_);
}

// The table with its bar, one line less than the window's height, since the cursor waits below and
// cannot climb back to what has scrolled away. The bar stays when the table is cut.
std::string ConsoleTable::Drawing(const TerminalSize& size) {
  std::vector<std::string> lines = TableLines(values_);
  const auto most_table_lines = static_cast<size_t>(std::max(0, size.rows - 2));
  if (lines.size() > most_table_lines) lines.resize(most_table_lines);
  lines.push_back(ProgressBarLine(progress_, size.columns - 1));
  std::string text;
  for (const std::string& line : lines) {
    text += Clipped(line, size.columns);
    text += '\n';
  }
  drawn_lines_ = static_cast<int>(lines.size());
  drawn_columns_ = size.columns;
  return text;
}

TaggedValues ConsoleTable::Merge(std::span<const Scalar> scalars) {
  TaggedValues reported;
  for (const Scalar& scalar : scalars) {
    reported.emplace_back(scalar.tag, scalar.value);
    const auto known = std::find_if(values_.begin(), values_.end(),
                                    [&](const auto& each) { return each.first == scalar.tag; });
    if (known == values_.end()) {
      values_.push_back(reported.back());
    } else {
      known->second = scalar.value;
    }
  }
  return reported;
}

}  // namespace dqnd
