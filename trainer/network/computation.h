#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "base/thread_team.h"
#include "env_bridge/environment.h"
#include "trainer/config/config.h"
#include "trainer/network/layer_backend.h"
#include "trainer/network/q_network.h"

namespace dqnd {

// How Q(s, .; theta) of a network and its gradient are computed. One thread uses it at a time.
class Computation {
 public:
  virtual ~Computation() = default;

  // states: [batch, stack, observation bytes], as the replay memory has them. Returns float32
  // [batch, num_actions], which holds until the next call.
  virtual std::span<const float> Values(std::span<const uint8_t> states, const Pass& pass) = 0;

  // gradient_of_values: dC/dQ of what the last Values returned, which was for kUpdate. Leaves
  // dC/dtheta in the gradients of the network's parameters, in the order of their memory.
  virtual void Backpropagate(std::span<const float> gradient_of_values) = 0;

  // To be called when the parameters have other values, before the next Values.
  virtual void ParametersChanged() = 0;
};

// By LibTorch, with its gradient by automatic differentiation: any network, and the plain form of
// what the direct computation must come to.
std::unique_ptr<Computation> ComputeByLibTorch(const QNetwork& network,
                                               const ObservationSpec& observation);

// By this project's own loops, with a gradient derived by hand, divided among `team`. What it
// computes does not depend on how many threads that has. REQUIRES: a network of the float backend.
std::unique_ptr<Computation> ComputeDirectly(const QNetwork& network,
                                             const ObservationSpec& observation,
                                             Precision precision, ThreadTeam& team);

}  // namespace dqnd
