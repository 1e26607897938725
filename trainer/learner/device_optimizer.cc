#include "trainer/learner/device_optimizer.h"

#include <cmath>

#include <ATen/ATen.h>

namespace dqnd {

DeviceOptimizer::DeviceOptimizer(const OptimizerSection& options, const DeviceQueue& queue,
                                 const DeviceNumbers& theta, const std::vector<NamedTensor>& like)
    : options_(options),
      theta_(theta),
      gradient_(queue, like, ".grad"),
      mean_(queue, like, options.name == OptimizerName::kAdam ? ".exp_avg" : ".grad_avg"),
      squared_mean_(queue, like,
                    options.name == OptimizerName::kAdam ? ".exp_avg_sq" : ".square_avg"),
      staged_rates_(queue.StagingMemory({2}, at::kFloat)),
      rates_(queue.DeviceMemory({2}, at::kFloat)) {
  for (size_t i = 0; i < like.size(); ++i) {
    if (like[i].value.requires_grad()) trained_.push_back(i);
  }
}

void DeviceOptimizer::StageStep() {
  ++steps_;
  double step_size = options_.learning_rate, root_correction = 1;
  if (options_.name == OptimizerName::kAdam) {
    const auto t = static_cast<double>(steps_);
    step_size /= 1 - std::pow(options_.beta1, t);
    root_correction = std::sqrt(1 - std::pow(options_.beta2, t));
  }
  staged_rates_.data_ptr<float>()[0] = static_cast<float>(step_size);
  staged_rates_.data_ptr<float>()[1] = static_cast<float>(root_correction);
}

void DeviceOptimizer::Step(const at::Tensor& factor) {
  rates_.copy_(staged_rates_, /*non_blocking=*/true);
  const at::Tensor step_size = rates_[0], root_correction = rates_[1];
  const at::Tensor g = gradient_.all() * factor;
  at::Tensor theta = theta_.all(), m = mean_.all(), v = squared_mean_.all();
  // ResolveDefaults has set them all.
  const double alpha = options_.alpha.value_or(0), epsilon = options_.epsilon.value_or(0);
  const bool nature = options_.name == OptimizerName::kRmspropNature;
  if (options_.name == OptimizerName::kAdam) {
    m.lerp_(g, 1 - options_.beta1);
    v.mul_(options_.beta2).addcmul_(g, g, 1 - options_.beta2);
    theta.sub_(step_size * m / (v.sqrt() / root_correction + epsilon));
  } else if (nature || options_.centered.value_or(false)) {
    v.mul_(alpha).addcmul_(g, g, 1 - alpha);
    m.lerp_(g, 1 - alpha);
    const at::Tensor variance = (v - m * m).clamp_min_(0);
    theta.sub_(step_size * g / (nature ? (variance + epsilon).sqrt_() : variance.sqrt() + epsilon));
  } else {
    v.mul_(alpha).addcmul_(g, g, 1 - alpha);
    theta.sub_(step_size * g / (v.sqrt() + epsilon));
  }
}

std::vector<NamedTensor> DeviceOptimizer::State() const {
  std::vector<NamedTensor> state;
  mean_.Fetch();
  squared_mean_.Fetch();
  for (const size_t i : trained_) {
    state.push_back(mean_.here()[i]);
    state.push_back(squared_mean_.here()[i]);
  }
  return state;
}

void DeviceOptimizer::SetSteps(int64_t steps) {
  steps_ = steps;
  mean_.Put();
  squared_mean_.Put();
}

}  // namespace dqnd
