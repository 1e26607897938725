#include "viewer/window/curve_range.h"

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <vector>

namespace dqnd {

CurveRange RangeOf(const RunCurve& curve) {
  assert(!curve.values.empty());
  const auto [low, high] = std::minmax_element(curve.values.begin(), curve.values.end());
  return {*low, *high};
}

CurveRange RangeOfSpeed(const RunCurve& speed, const RunCurve& updates) {
  assert(!speed.values.empty());
  const auto first = std::find_if(updates.values.begin(), updates.values.end(),
                                  [](double value) { return value > 0; });
  if (first != updates.values.end()) {
    // That row's own time is partly of the random phase.
    const double begin = updates.env_steps[static_cast<size_t>(first - updates.values.begin())];
    const auto behind = std::upper_bound(speed.env_steps.begin(), speed.env_steps.end(), begin);
    const auto values = speed.values.begin() + (behind - speed.env_steps.begin());
    if (values != speed.values.end()) return {0, *std::max_element(values, speed.values.end())};
  }
  std::vector<double> sorted = speed.values;
  std::sort(sorted.begin(), sorted.end());
  return {0, std::min(sorted.back(), 2 * sorted[(sorted.size() - 1) * 9 / 10])};
}

}  // namespace dqnd
