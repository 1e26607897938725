#include "trainer/learner/learner.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <string>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include "trainer/learner/loss.h"
#include "trainer/network/safetensors.h"

namespace dqnd {
namespace {

// Row j of a [batch, actions] tensor.
std::span<const float> Row(const at::Tensor& values, int64_t j) {
  const auto actions = static_cast<size_t>(values.size(1));
  return {values.const_data_ptr<float>() + j * actions, actions};
}

}  // namespace

// Equation by equation from Mnih et al., "Human-level control through deep reinforcement learning",
// Nature 2015, Algorithm 1; names in comments are the paper's.
UpdateResult Learner::Update(const Batch& batch) {
  if (teacher_ == nullptr) ComputeTargets(batch);

  // Q(phi_j, a_j; theta) and its error; huber loss clips the error term to [-1, 1].
  const at::Tensor q = online_.Forward(states_.Convert(batch.states), kUpdate);
  at::Tensor gradient_of_q = at::zeros_like(q);
  UpdateResult result = teacher_ == nullptr ? CompareWithTargets(batch, q, gradient_of_q)
                                            : CompareWithTeacher(batch, q, gradient_of_q);

  // Perform a gradient descent step on (y_j - Q(phi_j, a_j; theta))^2 with respect to theta.
  q.backward(gradient_of_q);
  result.grad_norm = GradientNorm(online_.parameters());
  if (!std::isfinite(result.loss) || !std::isfinite(result.grad_norm)) {
    throw NonFiniteError("update " + std::to_string(updates() + 1) + ": the loss is " +
                         std::to_string(result.loss) + " and the gradient's norm " +
                         std::to_string(result.grad_norm));
  }
  const double limit = options_.max_grad_norm.value_or(result.grad_norm);
  const bool clip = result.grad_norm > limit;
  optimizer_.Step(online_.parameters(), clip ? static_cast<float>(limit / result.grad_norm) : 1.0f);
  online_.AfterOptimizerStep();
  if (!AllFinite(online_.parameters())) {
    throw NonFiniteError("update " + std::to_string(updates()) + ": a parameter is not finite");
  }
  actor_->ParametersChanged();
  return result;
}

UpdateResult Learner::CompareWithTargets(const Batch& batch, const at::Tensor& q,
                                         at::Tensor& gradient_of_q) const {
  UpdateResult result;
  for (int j = 0; j < batch.size; ++j) {
    const float q_j = Row(q, j)[batch.actions[j]];
    const float error = q_j - targets_[j];
    const LossAndSlope loss = LossOf(error, options_.loss);
    const float weight = batch.weights[j] / static_cast<float>(batch.size);
    result.loss += weight * loss.value;
    result.mean_q += q_j / static_cast<float>(batch.size);
    gradient_of_q.data_ptr<float>()[j * num_actions_ + batch.actions[j]] = weight * loss.slope;
  }
  return result;
}

// y_j = r_j for a terminal phi_{j+1}, else r_j + gamma max_a' Q^(phi_{j+1}, a'; theta^-). Double
// DQN (van Hasselt et al. 2016) lets theta choose a' and theta^- judge it. With n_steps > 1, r_j is
// the discounted sum of the rewards on the way and gamma is raised to their number.
void Learner::ComputeTargets(const Batch& batch) {
  const c10::NoGradGuard no_grad;
  const at::Tensor& next_states = next_states_.Convert(batch.next_states);
  const at::Tensor judge = target_.Forward(next_states);
  const at::Tensor chooser = options_.double_q ? online_.Forward(next_states) : judge;
  targets_.resize(batch.size);
  for (int j = 0; j < batch.size; ++j) {
    double discount = 1, y = 0;
    for (int step = 0; step < batch.steps[j]; ++step, discount *= options_.gamma) {
      const float reward = batch.rewards[j * batch.n_steps + step];
      y += discount * (options_.clip_rewards ? std::clamp(reward, -1.0f, 1.0f) : reward);
    }
    if (!batch.terminated[j]) y += discount * Row(judge, j)[GreedyAction(Row(chooser, j))];
    targets_[j] = static_cast<float>(y);
  }
}

// What the teacher says of phi_j takes the place of y_j, for every action and not for a_j alone.
UpdateResult Learner::CompareWithTeacher(const Batch& batch, const at::Tensor& q,
                                         at::Tensor& gradient_of_q) const {
  const std::span<const float> taught = teacher_->ActionValues(batch.states);
  UpdateResult result;
  for (int j = 0; j < batch.size; ++j) {
    const std::span slopes(gradient_of_q.data_ptr<float>() + j * num_actions_, num_actions_);
    const float weight = batch.weights[j] / static_cast<float>(batch.size);
    result.loss +=
        weight * DistillationLoss(Row(q, j), taught.subspan(j * num_actions_, num_actions_),
                                  options_, slopes);
    for (float& slope : slopes) slope *= weight;
    result.mean_q += Row(q, j)[batch.actions[j]] / static_cast<float>(batch.size);
  }
  return result;
}

// Every C steps reset Q^ = Q (tau = 1), or let it follow slowly (Polyak averaging, tau < 1).
void Learner::SyncTarget() {
  target_.parameters().MoveTowards(online_.parameters(), options_.tau);
}

Learner::Learner(const Config& config, const EnvironmentSpec& environment, RandomStream& init)
    : options_(config.train),
      num_actions_(environment.num_actions()),
      online_(config.network, environment.observation, num_actions_, init),
      target_(config.network, environment.observation, num_actions_, init),
      optimizer_(config.optimizer, online_.parameters()),
      states_(environment.observation, online_.state_scale()),
      next_states_(environment.observation, online_.state_scale()),
      actor_(MakeActor(online_, config.network, environment.observation)) {
  target_.parameters().MoveTowards(online_.parameters(), 1.0);
}

void Learner::InitializeFrom(std::string_view safetensors, const std::string& source) {
  DecodeSafetensors(safetensors, source, online_.parameters().entries());
  target_.parameters().MoveTowards(online_.parameters(), 1.0);
  actor_->ParametersChanged();
}

void Learner::SetUpdates(int64_t updates) {
  optimizer_.SetSteps(updates);
  actor_->ParametersChanged();
}

std::map<std::string, std::vector<NamedTensor>> Learner::Tensors() const {
  return {{"network", online_.parameters().entries()},
          {"target", target_.parameters().entries()},
          {"optimizer", optimizer_.State(online_.parameters())}};
}

}  // namespace dqnd
