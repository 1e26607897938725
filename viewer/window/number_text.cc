#include "viewer/window/number_text.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <ctime>

namespace dqnd {
namespace {

// Three digits or a little more, with a letter for thousands.
std::string Scaled(double value, const char* letter) {
  if (value < 10) return fmt::format("{:.2f}{}", value, letter);
  if (value < 100) return fmt::format("{:.1f}{}", value, letter);
  return fmt::format("{:.0f}{}", value, letter);
}

}  // namespace

std::string CountText(int64_t count) {
  const auto value = static_cast<double>(count);
  const double size = std::abs(value);
  if (size < 1000) return std::to_string(count);
  if (size < 999'500) return Scaled(value / 1e3, "k");
  if (size < 999'500'000) return Scaled(value / 1e6, "M");
  return Scaled(value / 1e9, "G");
}

std::string GroupedText(int64_t count) {
  const std::string digits = std::to_string(count);
  std::string text;
  for (size_t i = 0; i < digits.size(); ++i) {
    text += digits[i];
    const size_t left = digits.size() - 1 - i;
    if (left > 0 && left % 3 == 0 && digits[i] != '-') text += ',';
  }
  return text;
}

std::string ValueText(double value) {
  const double size = std::abs(value);
  if (value == 0) return "0";
  if (!std::isfinite(value) || size >= 1e5 || size < 1e-4) return fmt::format("{:.2g}", value);
  if (size >= 100) return fmt::format("{:.0f}", value);
  if (size >= 10) return fmt::format("{:.1f}", value);
  if (size >= 1) return fmt::format("{:.2f}", value);
  return fmt::format("{:.3g}", value);
}

std::string BytesText(int64_t bytes) {
  const auto value = static_cast<double>(bytes);
  if (value < 1024) return fmt::format("{} B", bytes);
  if (value < 1024.0 * 1024) return fmt::format("{:.0f} KiB", value / 1024);
  if (value < 1024.0 * 1024 * 1024) return fmt::format("{:.0f} MiB", value / (1024.0 * 1024));
  return fmt::format("{:.2f} GiB", value / (1024.0 * 1024 * 1024));
}

std::string DurationText(double seconds) {
  if (!(seconds >= 0) || seconds > 1e9) return "-";
  const auto whole = static_cast<int64_t>(seconds);
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min", whole / 60);
  if (whole / 3600 < 24) return fmt::format("{} h {} min", whole / 3600, whole / 60 % 60);
  return fmt::format("{} d {} h", whole / 3600 / 24, whole / 3600 % 24);
}

std::string ClockText(double unix_seconds) {
  if (!(unix_seconds > 0) || unix_seconds > 1e11) return "";
  return fmt::format("{:%H:%M:%S}", fmt::localtime(static_cast<std::time_t>(unix_seconds)));
}

std::string SpeedText(double speed) {
  if (speed > 0 && speed < 1) return fmt::format("1/{:g}x", 1 / speed);
  return fmt::format("{:g}x", speed);
}

}  // namespace dqnd
