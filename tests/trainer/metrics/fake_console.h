#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "trainer/metrics/console.h"

namespace dqnd {

// A pipe: keeps what was written.
class FakePipe : public Console {
 public:
  void Write(std::string_view text) override { written_ += text; }
  std::optional<TerminalSize> terminal_size() override { return std::nullopt; }

  const std::string& written() const { return written_; }

 private:
  std::string written_;
};

// A terminal that knows what dqnd sends: text, newlines, carriage returns, "cursor up" and "erase
// to the end of the screen". Long lines wrap, and what leaves the top is kept as scrollback.
class FakeTerminal : public Console {
 public:
  explicit FakeTerminal(TerminalSize size) : size_(size), lines_(1) {}

  void Write(std::string_view text) override {
    ++writes_;
    while (!text.empty()) {
      text.remove_prefix(text[0] == '\x1b' ? Command(text) : Character(text[0]));
    }
  }
  std::optional<TerminalSize> terminal_size() override { return size_; }

  void Resize(TerminalSize size) { size_ = size; }

  // All lines, those that scrolled away first; the line of the cursor only if something is on it.
  std::vector<std::string> lines() const {
    std::vector<std::string> lines = lines_;
    if (lines.back().empty()) lines.pop_back();
    return lines;
  }
  int writes() const { return writes_; }

 private:
  size_t Character(char c) {
    if (c == '\r') {
      column_ = 0;
    } else if (c == '\n') {
      column_ = 0;
      NextRow();
    } else {
      if (column_ == static_cast<size_t>(size_.columns)) {
        column_ = 0;
        NextRow();
      }
      lines_[row_].resize(std::max(lines_[row_].size(), column_ + 1), ' ');
      lines_[row_][column_++] = c;
    }
    return 1;
  }

  size_t Command(std::string_view text) {
    const size_t letter = text.find_first_of("AJ");
    if (text[letter] == 'J') {
      lines_.resize(row_ + 1);
      lines_[row_].resize(column_);
    } else {
      const size_t count = std::stoul(std::string(text.substr(2, letter - 2)));
      const size_t top = lines_.size() - std::min(lines_.size(), static_cast<size_t>(size_.rows));
      row_ = std::max(top, row_ - std::min(row_, count));
    }
    return letter + 1;
  }

  void NextRow() {
    if (++row_ == lines_.size()) lines_.emplace_back();
  }

  TerminalSize size_;
  std::vector<std::string> lines_;
  size_t row_ = 0, column_ = 0;
  int writes_ = 0;
};

}  // namespace dqnd
