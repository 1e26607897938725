#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "viewer/client/address.h"

namespace dqnd {

// Which daemon a person means, as far as they said it; empty strings are what they did not say.
struct NamedRun {
  std::string run_directory = {};  // --run
  std::string address = {};        // --address: anything that ParseAddress reads
  std::string default_run = {};    // DQND_RUN: counts when neither of the two is given
  std::string token = {};          // --token or DQND_TOKEN: instead of the one that the run has
};

// Asks a daemon whether it answers to this address; empty when it does, otherwise why not.
using AskDaemon = std::function<std::string(const Address& address)>;

// The daemon that is meant; where nothing is said, the only run in the folder `runs` whose daemon
// answers. Throws std::invalid_argument, with a line for each candidate, when none or several do,
// and for a directory or address that cannot be one; std::runtime_error when a run directory has no
// daemon now.
Address ChooseRun(const NamedRun& named, const std::filesystem::path& runs, const AskDaemon& ask);

// An AskDaemon that connects; patient for about a second.
std::string AskOverTheWire(const Address& address);

}  // namespace dqnd
