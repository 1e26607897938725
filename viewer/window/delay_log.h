#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>

namespace dqnd {

// How old each moment was when a person could see it: a CSV file with a row for each moment that
// was shown, when it was taken and how many milliseconds later its picture was on the screen. Both
// times are of this machine's clock and the daemon's, which must agree.
//
// Owned and called by the window's thread.
class DelayLog {
 public:
  // Throws std::runtime_error when the file cannot be written.
  explicit DelayLog(const std::filesystem::path& path);

  // The frame that is drawn now shows the moment that was taken then.
  void Drawn(int64_t unix_nanoseconds);

  // The frame is on the screen. Only the first frame of a moment counts.
  void Presented();

 private:
  std::ofstream file_;
  std::optional<int64_t> drawn_;
  int64_t presented_ = 0;
};

}  // namespace dqnd
