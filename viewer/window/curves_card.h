#pragma once

#include "viewer/client/run_model.h"
#include "viewer/window/theme.h"

namespace dqnd {

// The curves of return, loss, exploration and speed over env_steps, in cards side by side, with the
// value under the mouse.
void DrawCurves(const Theme& theme, const RunModel& model, float width, float height);

}  // namespace dqnd
