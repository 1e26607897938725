#pragma once

#include <memory>

#include "env_bridge/environment.h"
#include "env_bridge/policy.h"
#include "trainer/config/config.h"
#include "trainer/network/computation.h"
#include "trainer/network/q_network.h"

namespace dqnd {

// What a network chooses actions with while it may be training.
class Actor : public Policy {
 public:
  // To be called when the network's parameters have changed, before the next ActionValues.
  virtual void ParametersChanged() = 0;
};

// As network.actor says: the network itself, or its packed form, which is made anew for the first
// state after each change. `network` must outlive the actor. Throws std::invalid_argument as
// PackNetwork does.
std::unique_ptr<Actor> MakeActor(const QNetwork& network, const NetworkSection& options,
                                 const ObservationSpec& observation);

// By a computation that others use, too, and tell of changes. It must outlive the actor.
std::unique_ptr<Actor> MakeActor(Computation& computation);

}  // namespace dqnd
