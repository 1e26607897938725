#pragma once

#include <cstdint>
#include <string>

namespace dqnd {

// Numbers as a window shows them: short, and as wide as the ones before, so that nothing jumps.

// "999", "12.3k", "250k", "1.25M", "3.00G".
std::string CountText(int64_t count);
// "250,000".
std::string GroupedText(int64_t count);
// Three significant digits: "0.0123", "1.83", "21.4", "412", "1.2e+06".
std::string ValueText(double value);
// "182 MiB", "1.25 GiB".
std::string BytesText(int64_t bytes);
// "12 s", "4 min", "3 h 12 min", "2 d 5 h".
std::string DurationText(double seconds);
// Time of day, local: "14:03:21".
std::string ClockText(double unix_seconds);
// "1/8x", "1x", "32x".
std::string SpeedText(double speed);

}  // namespace dqnd
