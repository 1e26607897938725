#pragma once

#include <string>
#include <vector>

#include "dqnd/v1/run.pb.h"

namespace dqnd {

// Where a run stands, as a box in groups like the trainer's own, with a bar of its progress below.
// Plain ASCII; every line at most `columns` long. `unix_seconds` is now.
std::vector<std::string> StatusTable(const v1::RunDescription& description,
                                     const v1::RunState& state, double unix_seconds, int columns);

}  // namespace dqnd
