#pragma once

#include "viewer/window/theme.h"

namespace dqnd {

// All keys, over everything else. Returns whether it stays open.
bool DrawHelp(const Theme& theme);

}  // namespace dqnd
