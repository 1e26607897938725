#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include "trainer/network/computation.h"

namespace dqnd {
namespace {

class LibTorchComputation final : public Computation {
 public:
  LibTorchComputation(const QNetwork& network, const ObservationSpec& observation)
      : network_(network), converter_(observation, network.state_scale()) {}

  std::span<const float> Values(std::span<const uint8_t> states, const Pass& pass) override {
    const c10::AutoGradMode records(pass.is_update);
    values_ = network_.Forward(converter_.Convert(states), pass).contiguous();
    return {values_.const_data_ptr<float>(), static_cast<size_t>(values_.numel())};
  }

  void Backpropagate(std::span<const float> gradient_of_values) override {
    for (const NamedTensor& parameter : network_.parameters().trained()) {
      parameter.value.mutable_grad().reset();
    }
    values_.backward(
        at::from_blob(const_cast<float*>(gradient_of_values.data()), values_.sizes(), at::kFloat));
    for (const NamedTensor& parameter : network_.parameters().trained()) {
      at::Tensor& gradient = parameter.value.mutable_grad();
      if (gradient.strides() != parameter.value.strides()) {
        gradient = at::empty_like(parameter.value).copy_(gradient);
      }
    }
  }

  void ParametersChanged() override {}  // it reads them as they are

 private:
  const QNetwork& network_;
  StateConverter converter_;
  at::Tensor values_;  // [batch, num_actions]
};

}  // namespace

std::unique_ptr<Computation> ComputeByLibTorch(const QNetwork& network,
                                               const ObservationSpec& observation) {
  return std::make_unique<LibTorchComputation>(network, observation);
}

}  // namespace dqnd
