#pragma once

#include <memory>
#include <string_view>

#include "env_bridge/environment.h"
#include "env_bridge/environment_options.h"
#include "env_bridge/vector_environment.h"

namespace dqnd {

// Environments that worker processes play (proto/dqnd/v1/environment.proto; env_bridge/python is
// the worker): gymnasium:ID and python:MODULE:FUNCTION, by processes of our own (options.worker),
// and remote:ADDRESS, by a `dqnd-env serve` elsewhere.
bool IsRemote(std::string_view id);
bool IsElsewhere(std::string_view id);  // remote:ADDRESS

// Throw std::invalid_argument when the worker refuses the game, and std::runtime_error when none
// comes up. REQUIRES: IsRemote(options.id).
std::unique_ptr<Environment> MakeRemoteEnvironment(const EnvironmentOptions& options);
std::unique_ptr<VectorEnvironment> MakeRemoteVectorEnvironment(const EnvironmentOptions& options,
                                                               int n_envs);

// Asks a worker, once in the life of this program for each game. Any thread.
EnvironmentSpec SpecOfRemote(const EnvironmentOptions& options);

}  // namespace dqnd
