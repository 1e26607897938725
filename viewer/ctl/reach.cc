#include "viewer/ctl/reach.h"

namespace dqnd {

Reconnector::Options ReachOnce(const Address& address) {
  Reconnector::Options options;
  options.destination = {.named = address.Text(), .token = address.token, .fingerprint = ""};
  // Longer than any command lives on after the connection is lost.
  options.first_wait = std::chrono::hours(1);
  options.longest_wait = options.first_wait;
  return options;
}

void ThrowIfLost(const ConnectionStatus& status) {
  if (status.error.has_value()) throw ConnectionError(*status.error);
}

}  // namespace dqnd
