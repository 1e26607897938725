#pragma once

#include "base/file_system.h"
#include "trainer/config/config.h"

namespace dqnd {

// Looks at the networks that a new run would begin with (train.init_from) and learn from
// (train.teacher), before anything of it is made. Throws std::invalid_argument, naming the key, the
// file and both networks, when one is not there or does not fit: another architecture or backend,
// another game, a damaged file. A .safetensors file without a config.yaml above it is known by its
// tensors alone.
void CheckStartingPoint(FileSystem& files, const Config& config);

}  // namespace dqnd
