#pragma once

#include <map>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "env_bridge/environment.h"
#include "replay/replay_memory.h"
#include "trainer/acting/actor.h"
#include "trainer/config/config.h"
#include "base/thread_team.h"
#include "trainer/learner/optimizer.h"
#include "trainer/network/computation.h"
#include "trainer/network/q_network.h"

namespace dqnd {

// What one update saw.
struct UpdateResult {
  double loss = 0;       // mean over the batch
  double mean_q = 0;     // mean Q(s_j, a_j; theta) over the batch
  double grad_norm = 0;  // Euclidean, before clipping
};

// An update met a number that is not finite; what it would have changed is unchanged where it could
// be seen in time (loss and gradient are checked before the parameters move).
class NonFiniteError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The learning half of DQN: the action-value network Q with weights theta, the target network Q^
// with weights theta^-, and the optimizer. Owned and called by one thread.
class Learner {
 public:
  // Draws the initial weights from `init`; both networks start equal.
  Learner(const Config& config, const EnvironmentSpec& environment, RandomStream& init);

  // From now on what counts is not the reward: `teacher`'s values of the sampled states take the
  // place of targets (train.teacher_loss). It must outlive this object.
  void LearnFrom(Policy& teacher) { teacher_ = &teacher; }

  // One gradient step on a batch. Throws NonFiniteError naming the update when the loss, the
  // gradient or a parameter is not finite.
  UpdateResult Update(const Batch& batch);

  // Of the updates to come, in place of optimizer.learning_rate.
  void SetLearningRate(double rate) { optimizer_.SetLearningRate(rate); }

  // theta^- = tau theta + (1 - tau) theta^-.
  void SyncTarget();

  // Acts with the online network as it is at each call.
  Policy& policy() { return *actor_; }

  // Takes the weights of both networks from a safetensors file. Throws std::runtime_error beginning
  // with `source` when it holds another network.
  void InitializeFrom(std::string_view safetensors, const std::string& source);

  int64_t updates() const { return optimizer_.steps(); }
  const Parameters& parameters() const { return online_network_.parameters(); }

  // What the future depends on, beside the number of updates: "network" (theta), "target" (theta^-)
  // and "optimizer" (moments). The tensors are this object's own memory: filling them, and then
  // SetUpdates, loads it.
  std::map<std::string, std::vector<NamedTensor>> Tensors() const;
  void SetUpdates(int64_t updates);

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
  ThreadTeam team_;
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
