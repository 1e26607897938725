#pragma once

#include "viewer/client/run_model.h"

namespace dqnd {

// What an axis of values has to hold.
struct CurveRange {
  double low = 0;
  double high = 0;
};

// Of all values. REQUIRES: there are some.
CurveRange RangeOf(const RunCurve& curve);

// Of a curve of env_steps per second, from 0. The random phase before learning is a hundred times
// as fast as what follows, so that only the rows behind it count; `updates` are the run's updates
// so far, in the same rows. Where these are not known, up to twice what nine of ten rows reach.
// REQUIRES: there are values.
CurveRange RangeOfSpeed(const RunCurve& speed, const RunCurve& updates);

}  // namespace dqnd
