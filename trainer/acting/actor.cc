#include "trainer/acting/actor.h"

#include "trainer/acting/packed_actor.h"

namespace dqnd {
namespace {

class SharingActor final : public Actor {
 public:
  explicit SharingActor(Computation& computation) : computation_(computation) {}

  std::span<const float> ActionValues(std::span<const uint8_t> states) override {
    return computation_.Values(states, kUse);
  }

  void ParametersChanged() override {}  // the computation knows

 private:
  Computation& computation_;
};

// On one thread.
class NetworkActor final : public Actor {
 public:
  NetworkActor(const QNetwork& network, const NetworkSection& options,
               const ObservationSpec& observation)
      : computation_(options.backend == Backend::kFloat
                         ? ComputeDirectly(network, observation, Precision::kFloat32, alone_)
                         : ComputeByLibTorch(network, observation)) {}

  std::span<const float> ActionValues(std::span<const uint8_t> states) override {
    return computation_->Values(states, kUse);
  }

  void ParametersChanged() override { computation_->ParametersChanged(); }

 private:
  ThreadTeam alone_{1};
  std::unique_ptr<Computation> computation_;
};

}  // namespace

std::unique_ptr<Actor> MakeActor(const QNetwork& network, const NetworkSection& options,
                                 const ObservationSpec& observation) {
  if (options.actor == ActorKind::kPacked) {
    return std::make_unique<PackedActor>(network, options, observation);
  }
  return std::make_unique<NetworkActor>(network, options, observation);
}

std::unique_ptr<Actor> MakeActor(Computation& computation) {
  return std::make_unique<SharingActor>(computation);
}

}  // namespace dqnd
