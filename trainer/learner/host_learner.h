#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/thread_team.h"
#include "trainer/acting/actor.h"
#include "trainer/learner/learner.h"
#include "trainer/learner/optimizer.h"
#include "trainer/learner/teacher.h"
#include "trainer/network/computation.h"
#include "trainer/network/q_network.h"

namespace dqnd {

// On this machine's processors. An update whose loss or gradient is not finite changes nothing.
class HostLearner final : public Learner {
 public:
  // Divides its work among `team`, which must outlive it.
  HostLearner(const Config& config, const EnvironmentSpec& environment, RandomStream& init,
              ThreadTeam& team);

  void LearnFrom(Teacher& teacher) override { teacher_ = &teacher.policy(); }
  FrameCopy& KeepFrames(int64_t capacity) override;  // throws
  UpdateResult Update(const Batch& batch) override;
  void SetLearningRate(double rate) override { optimizer_.SetLearningRate(rate); }
  void SyncTarget() override;
  Policy& policy() override { return *actor_; }
  void InitializeFrom(std::string_view safetensors, const std::string& source) override;
  int64_t updates() const override { return optimizer_.steps(); }
  const Parameters& parameters() const override { return online_network_.parameters(); }
  std::map<std::string, std::vector<NamedTensor>> Tensors() const override;
  void SetUpdates(int64_t updates) override;

 private:
  // y_j for every transition of the batch, into targets_.
  void ComputeTargets(const Batch& batch);
  // The loss of q, whose gradient goes to gradient_of_q_; both [batch, actions].
  UpdateResult CompareWithTargets(const Batch& batch, std::span<const float> q);
  UpdateResult CompareWithTeacher(const Batch& batch, std::span<const float> q);
  // The values of the actions in state j of a batch.
  std::span<const float> OfState(std::span<const float> values, int j) const {
    return values.subspan(static_cast<size_t>(j) * num_actions_, num_actions_);
  }
  void ParametersChanged();
  void SetTargetToOnline();

  TrainSection options_;
  int num_actions_;
  QNetwork online_network_, target_network_;
  Optimizer optimizer_;
  std::unique_ptr<Computation> online_;  // Q, theta
  std::unique_ptr<Computation> target_;  // Q^, theta^-
  std::unique_ptr<Actor> actor_;
  Policy* teacher_ = nullptr;
  std::vector<float> targets_;        // y
  std::vector<float> gradient_of_q_;  // [batch, actions]
};

}  // namespace dqnd
