#pragma once

#include <string>

#include "dqnd/v1/environment.pb.h"
#include "dqnd/v1/moment.pb.h"

namespace dqnd {

// What the agent did and thought, in one line of a terminal:
// "NOOP 1.61  [FIRE 1.83]  RIGHT 1.60", with the chosen action in brackets and a "?" behind it
// where it was drawn at random, "!" where a person chose it. The line is at most `columns`
// characters long; actions that do not fit are counted ("+14"), never the chosen one.
std::string ActionLine(const v1::EnvironmentSpec& environment, const v1::Step& step, int columns);

// "return 21  env_step 345 of its game  epsilon 0.1": how the game stands.
std::string StepLine(const v1::Step& step);

}  // namespace dqnd
