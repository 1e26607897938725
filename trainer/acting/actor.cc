#include "trainer/acting/actor.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include "trainer/acting/packed_actor.h"

namespace dqnd {
namespace {

class NetworkActor : public Actor {
 public:
  NetworkActor(const QNetwork& network, const ObservationSpec& observation)
      : network_(network), converter_(observation, network.state_scale()) {}

  std::span<const float> ActionValues(std::span<const uint8_t> states) override {
    const c10::InferenceMode inference;
    values_ = network_.Forward(converter_.Convert(states)).contiguous();
    return {values_.const_data_ptr<float>(), static_cast<size_t>(values_.numel())};
  }

  void ParametersChanged() override {}  // it reads them as they are

 private:
  const QNetwork& network_;
  StateConverter converter_;
  at::Tensor values_;
};

}  // namespace

std::unique_ptr<Actor> MakeActor(const QNetwork& network, const NetworkSection& options,
                                 const ObservationSpec& observation) {
  if (options.actor == ActorKind::kPacked) {
    return std::make_unique<PackedActor>(network, options, observation);
  }
  return std::make_unique<NetworkActor>(network, observation);
}

}  // namespace dqnd
