#pragma once

#include <cstdint>
#include <istream>
#include <ostream>

#include "env_bridge/environment.h"

namespace dqnd {

struct TraceOptions {
  uint64_t seed = 0;
  // Also print a line for each reset, {"reset": true, "observation_xxh3": ..., "details": {...}},
  // before the line of the env_step that follows it.
  bool resets = false;
  // Also print picture_xxh3, XXH3-64 of the picture for people as [height, width, 3] red, green,
  // blue.
  bool pictures = false;
};

// Steps `environment` with the actions in `actions` (one integer a line) and prints one JSON object
// a line and env_step: reward, terminated, truncated, observation_xxh3 (XXH3-64 of the
// observation's bytes, 16 hexadecimal digits), and details where the environment gives some
// (TraceDetails). Resets with options.seed first and without a seed after each end. This is how
// environments are compared with their originals. Throws std::invalid_argument at a line that is no
// action of the environment.
void Trace(Environment& environment, const TraceOptions& options, std::istream& actions,
           std::ostream& out);

}  // namespace dqnd
