#pragma once

#include <string>

#include "dqnd/v1/run.pb.h"
#include "viewer/window/theme.h"

namespace dqnd {

// Where the run stands: env_steps and what is left, speed, returns, replay memory, checkpoint,
// memory. `unix_seconds` is now.
void DrawRunCard(const Theme& theme, const v1::RunState& state, double unix_seconds, float width);

// How long it still takes, or has taken where nobody can tell: while it stands still.
std::string TimeText(const v1::RunState& state);
// How fast it is; "-" while it stands still.
std::string RateText(const v1::RunState& state);

// The phase in a word, and its colour.
const char* PhaseText(v1::RunPhase phase);
ImU32 PhaseColour(const Theme& theme, v1::RunPhase phase);

}  // namespace dqnd
