#include "trainer/network/network_policy.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

namespace dqnd {

std::span<const float> NetworkPolicy::ActionValues(std::span<const uint8_t> states) {
  const c10::InferenceMode inference;
  values_ = network_.Forward(converter_.Convert(states)).contiguous();
  return {values_.const_data_ptr<float>(), static_cast<size_t>(values_.numel())};
}

}  // namespace dqnd
