#include "viewer/ctl/number_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace dqnd {
namespace {

constexpr double kLargestWholeNumber = 1e15;  // beyond, a double's digits say nothing
constexpr double kLongestDuration = 1e12;     // seconds

}  // namespace

std::string Grouped(int64_t number) {
  std::string digits = fmt::format("{}", number);
  const size_t first = number < 0 ? 1 : 0;
  for (size_t end = digits.size(); end > first + 3; end -= 3) digits.insert(end - 3, 1, ',');
  return digits;
}

std::string ShortNumber(double number) {
  if (std::isnan(number)) return "-";
  if (number == std::trunc(number) && std::abs(number) < kLargestWholeNumber) {
    return Grouped(static_cast<int64_t>(number));
  }
  return fmt::format("{:.4g}", number);
}

std::string DurationText(double seconds) {
  if (!(seconds >= 0)) return "-";
  const auto whole = static_cast<int64_t>(std::round(std::min(seconds, kLongestDuration)));
  const std::string clock =
      fmt::format("{}:{:02}:{:02}", whole / 3600 % 24, whole / 60 % 60, whole % 60);
  const int64_t days = whole / 3600 / 24;
  return days == 0 ? clock : fmt::format("{} d {}", Grouped(days), clock);
}

std::string BytesText(int64_t bytes) {
  constexpr std::array kUnits = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  auto number = static_cast<double>(bytes);
  size_t unit = 0;
  for (; number >= 1024 && unit + 1 < kUnits.size(); ++unit) number /= 1024;
  return fmt::format("{:.{}f} {}", number, unit > 0 && number < 100 ? 1 : 0, kUnits[unit]);
}

}  // namespace dqnd
