#pragma once

#include <string_view>

#include "dqnd/v1/run.pb.h"

namespace dqnd {

// What a run is doing, for a sentence or a table: "training".
std::string_view PhaseText(v1::RunPhase phase);

}  // namespace dqnd
