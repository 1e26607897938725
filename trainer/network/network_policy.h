#pragma once

#include <ATen/core/Tensor.h>

#include "env_bridge/policy.h"
#include "trainer/network/q_network.h"

namespace dqnd {

// Acts with a network as it is at each call. The network must outlive the policy.
class NetworkPolicy : public Policy {
 public:
  NetworkPolicy(const QNetwork& network, const ObservationSpec& observation)
      : network_(network), converter_(observation, network.state_scale()) {}

  std::span<const float> ActionValues(std::span<const uint8_t> states) override;

 private:
  const QNetwork& network_;
  StateConverter converter_;
  at::Tensor values_;
};

}  // namespace dqnd
