#pragma once

#include <optional>
#include <string_view>

namespace dqnd {

struct TerminalSize {
  int columns;
  int rows;
};

// Where the run talks to a person: a terminal, or a pipe or file that takes plain lines. A fake in
// the tests is a small terminal of its own.
class Console {
 public:
  virtual ~Console() = default;

  // Writes `text` as it is. Never throws: a console that went away must not stop a run.
  virtual void Write(std::string_view text) = 0;

  // The size now, since windows are resized at any time; nothing when the console is no terminal
  // that moves its cursor.
  virtual std::optional<TerminalSize> terminal_size() = 0;
};

// A console on a file descriptor, such as 1 for standard output. The descriptor is not owned.
class FileDescriptorConsole : public Console {
 public:
  explicit FileDescriptorConsole(int descriptor);

  void Write(std::string_view text) override;
  std::optional<TerminalSize> terminal_size() override;

 private:
  const int descriptor_;
  const bool is_terminal_;  // and TERM is not "dumb"
};

}  // namespace dqnd
