#pragma once

#include "viewer/client/reconnector.h"

namespace dqnd {

// How the clients of this program reach a daemon: once. A person at a terminal, and scripts even
// more, want to know when the connection is lost.
Reconnector::Options ReachOnce(const Address& address);

// The reason in `status` when it is the end of a conversation that should have gone on: throws it.
void ThrowIfLost(const ConnectionStatus& status);

}  // namespace dqnd
