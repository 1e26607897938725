#pragma once

#include <memory>
#include <utility>

#include "env_bridge/environment.h"
#include "trainer/acting/actor.h"
#include "trainer/network/q_network.h"

namespace dqnd {

// A network that is trained already, and another learns from.
class Teacher {
 public:
  // `options`: those of the teacher's own run.
  Teacher(QNetwork network, const NetworkSection& options, const ObservationSpec& observation)
      : network_(std::move(network)),
        options_(options),
        actor_(MakeActor(network_, options, observation)) {}

  const QNetwork& network() const { return network_; }
  const NetworkSection& options() const { return options_; }
  Policy& policy() { return *actor_; }

 private:
  const QNetwork network_;
  const NetworkSection options_;
  std::unique_ptr<Actor> actor_;
};

}  // namespace dqnd
