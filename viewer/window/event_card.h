#pragma once

#include "viewer/client/run_model.h"
#include "viewer/window/theme.h"

namespace dqnd {

// The run's log with what this program has to say, newest at the bottom; follows it unless a person
// has scrolled up.
void DrawEvents(const Theme& theme, const RunModel& model, float width, float height);

}  // namespace dqnd
