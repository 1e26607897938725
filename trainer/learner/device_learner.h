#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>

#include "trainer/device/device_queue.h"
#include "trainer/learner/device_batch.h"
#include "trainer/learner/device_frames.h"
#include "trainer/learner/device_numbers.h"
#include "trainer/learner/device_optimizer.h"
#include "trainer/learner/learner.h"
#include "trainer/network/q_network.h"

namespace dqnd {

// On a device of LibTorch's, a GPU. A whole update, from the batch in this process's memory to its
// loss there, is one piece of repeated work, and so is a forward pass for acting. What an update of
// HostLearner comes to it comes to as well, but for rounding.
class DeviceLearner final : public Learner {
 public:
  DeviceLearner(const Config& config, const EnvironmentSpec& environment, RandomStream& init,
                c10::Device device);

  void LearnFrom(Teacher& teacher) override;
  FrameCopy& KeepFrames(int64_t capacity) override;
  UpdateResult Update(const Batch& batch) override;
  void SetLearningRate(double rate) override { optimizer_.SetLearningRate(rate); }
  void SyncTarget() override;
  Policy& policy() override { return actor_; }
  void InitializeFrom(std::string_view safetensors, const std::string& source) override;
  int64_t updates() const override { return optimizer_.steps(); }
  const Parameters& parameters() const override;
  std::map<std::string, std::vector<NamedTensor>> Tensors() const override;
  void SetUpdates(int64_t updates) override;

 private:
  // A network whose parameters lie in one run of device memory, with a copy of them here.
  class Network {
   public:
    Network(const DeviceQueue& queue, QNetwork network);

    at::Tensor Forward(const at::Tensor& input, Pass pass) const {
      pass.by = ComputedBy::kOperations;
      return network_.Forward(input, pass);
    }
    void AfterOptimizerStep() const { network_.AfterOptimizerStep(); }
    // Takes the numbers of `source`, which are here.
    void CopyFrom(const Parameters& source);
    float state_scale() const { return network_.state_scale(); }
    const DeviceNumbers& numbers() const { return numbers_; }
    const Parameters& here() const { return here_; }  // as numbers().Fetch() left it
    // Where backpropagation adds dC/dtheta up.
    void SetGradient(const DeviceNumbers& gradient);

   private:
    QNetwork network_;
    DeviceNumbers numbers_;
    Parameters here_;
  };

  class DeviceActor final : public Policy {
   public:
    DeviceActor(const DeviceQueue& queue, const Network& network,
                const EnvironmentSpec& environment)
        : queue_(queue),
          network_(network),
          observation_(environment.observation),
          num_actions_(environment.num_actions()) {}
    std::span<const float> ActionValues(std::span<const uint8_t> states) override;

   private:
    struct Pass;
    const DeviceQueue& queue_;
    const Network& network_;
    const ObservationSpec observation_;
    const int64_t num_actions_;
    // By number of states: acting and evaluation take turns.
    std::map<int64_t, std::shared_ptr<Pass>> passes_;
  };

  // What an update gives to the queue.
  void Work();
  at::Tensor Targets() const;
  void SetTargetToOnline();
  // Of stored states on the device, [batch, actions].
  at::Tensor Values(const Network& network, const at::Tensor& states, const Pass& pass) const {
    return network.Forward(ToNetworkInput(states, observation_, network.state_scale()), pass);
  }

  const TrainSection options_;
  const ObservationSpec observation_;
  const DeviceQueue queue_;
  Network online_, target_;  // Q, theta; Q^, theta^-
  std::unique_ptr<Network> teacher_;
  DeviceOptimizer optimizer_;
  DeviceActor actor_;
  at::Tensor actions_;          // i32 [num actions], 0 1 2 ...
  at::Tensor powers_of_gamma_;  // f64 [n_steps + 1]
  // f32 [4]: loss, mean Q, the gradient's norm, whether theta is finite; on the device, and here.
  at::Tensor result_, seen_;
  std::unique_ptr<DeviceFrames> frames_;  // of the replay memory; null: batches come as states
  std::optional<DeviceBatch> batch_;
  std::unique_ptr<RepeatedWork> update_;
};

}  // namespace dqnd
