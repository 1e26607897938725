#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

#include "trainer/config/config.h"
#include "trainer/device/device_queue.h"
#include "trainer/learner/device_numbers.h"
#include "trainer/network/parameters.h"

namespace dqnd {

// The formulas of optimizer.h as operations on a device, over all parameters at once. A step is
// work that can be repeated: what changes from one to the next is staged before it.
class DeviceOptimizer {
 public:
  // Of the numbers theta of a network, whose tensors are `like`. Its statistics are among them:
  // with gradients of 0 they stay as they are.
  DeviceOptimizer(const OptimizerSection& options, const DeviceQueue& queue,
                  const DeviceNumbers& theta, const std::vector<NamedTensor>& like);

  // dC/dtheta, to be filled before a step.
  const DeviceNumbers& gradient() const { return gradient_; }

  // Of the next step: counts it, and leaves its step sizes where the device takes them from.
  void StageStep();

  // theta from gradient * factor, a number on the device.
  void Step(const at::Tensor& factor);

  void SetLearningRate(double rate) { options_.learning_rate = rate; }
  int64_t steps() const { return steps_; }

  // As Optimizer::State; after the tensors were filled SetSteps loads them.
  std::vector<NamedTensor> State() const;
  void SetSteps(int64_t steps);

 private:
  OptimizerSection options_;
  const DeviceNumbers& theta_;
  DeviceNumbers gradient_;
  DeviceNumbers mean_, squared_mean_;  // m, v
  std::vector<size_t> trained_;        // which tensors are no statistics
  at::Tensor staged_rates_, rates_;    // step size, sqrt(1 - beta2^t): here, and on the device
  int64_t steps_ = 0;
};

}  // namespace dqnd
