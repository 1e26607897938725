#pragma once

#include <chrono>
#include <string>

namespace dqnd {

// Asks the daemon at `address` (as Server::address gives it), from this machine, for its health by
// the standard grpc.health.v1 service. Returns an empty string when it serves, else a sentence that
// says why it does not. With TLS, trusts the certificate whose fingerprint `address` has and no
// other.
std::string CheckHealth(const std::string& address, std::chrono::milliseconds timeout);

}  // namespace dqnd
