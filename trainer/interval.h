#pragma once

#include <cstdint>

namespace dqnd {

// Whether a count that moved from `before` to `after` passed a multiple of `interval`; never for 0.
inline bool PassedMultiple(int64_t interval, int64_t before, int64_t after) {
  return interval > 0 && before / interval != after / interval;
}

}  // namespace dqnd
