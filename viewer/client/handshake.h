#pragma once

#include <string>
#include <vector>

#include "dqnd/v1/run.pb.h"

namespace dqnd {

// The revision of dqnd.v1 that this program was built with. Grows with each addition to the
// contract; so does the list in handshake.cc.
inline constexpr int kContractRevision = 1;

// What two sides of different versions cannot do together. Each entry is a feature's description
// for people, or its name where only that is known.
struct MissingFeatures {
  std::vector<std::string> unknown_to_us;      // the daemon offers it, this program is too old
  std::vector<std::string> lacking_in_daemon;  // this program could show it, the daemon is too old

  bool empty() const { return unknown_to_us.empty() && lacking_in_daemon.empty(); }
  // One line that says both; empty when nothing is missing.
  std::string Text() const;
};

// Compares what the daemon says it can do with what this program understands.
MissingFeatures CompareFeatures(const v1::Contract& contract);

}  // namespace dqnd
