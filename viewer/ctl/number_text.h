#pragma once

#include <cstdint>
#include <string>

namespace dqnd {

// Numbers as a person reads them.

// "12,345".
std::string Grouped(int64_t number);

// Whole ones grouped, others with four digits ("0.01234"); "-" for NaN.
std::string ShortNumber(double number);

// "0:05:18", or "3 d 0:05:18".
std::string DurationText(double seconds);

// "182 MiB"; four digits at most.
std::string BytesText(int64_t bytes);

}  // namespace dqnd
