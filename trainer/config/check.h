#pragma once

#include <functional>
#include <string>
#include <vector>

#include "trainer/config/config.h"

namespace dqnd {

// Where the last of some keys ("train.batch_size") was written, for messages.
using Locate = std::function<std::string(const std::vector<std::string>& paths)>;

// Checks what no single key's range can say: how values go together, and texts. Throws
// std::invalid_argument at the first fault. REQUIRES: defaults are not resolved yet, so that a
// member which does not belong to the optimizer is set only if somebody set it.
void CheckConfig(const Config& config, const Locate& locate);

}  // namespace dqnd
