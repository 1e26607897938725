#include "trainer/learner/host_learner.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <string>

#include <ATen/ATen.h>

#include "trainer/learner/loss.h"
#include "trainer/network/safetensors.h"

namespace dqnd {
namespace {

std::unique_ptr<Computation> Compute(const Config& config, const QNetwork& network,
                                     const EnvironmentSpec& environment, ThreadTeam& team) {
  if (!LearnsDirectly(config)) return ComputeByLibTorch(network, environment.observation);
  return ComputeDirectly(network, environment.observation, config.train.precision, team);
}

[[noreturn]] void Diverged(int64_t update, const std::string& what) {
  throw NonFiniteError("update " + std::to_string(update) + ": " + what);
}
void RequireFinite(double number, const char* name, int64_t update) {
  if (!std::isfinite(number)) Diverged(update, name + (" is " + std::to_string(number)));
}

// The statistics of an update; a parameter is looked at when it changes.
bool StatisticsAreFinite(const Parameters& parameters) {
  return std::ranges::all_of(parameters.entries(), [](const NamedTensor& entry) {
    return entry.value.requires_grad() || at::isfinite(entry.value).all().item<bool>();
  });
}

}  // namespace

// Equation by equation from Mnih et al., "Human-level control through deep reinforcement learning",
// Nature 2015, Algorithm 1; names in comments are the paper's.
UpdateResult HostLearner::Update(const Batch& batch) {
  if (teacher_ == nullptr) ComputeTargets(batch);

  // Q(phi_j, a_j; theta) and its error; huber loss clips the error term to [-1, 1].
  const std::span<const float> q = online_->Values(batch.states, kUpdate);
  gradient_of_q_.assign(q.size(), 0);
  UpdateResult result =
      teacher_ == nullptr ? CompareWithTargets(batch, q) : CompareWithTeacher(batch, q);

  const int64_t update = updates() + 1;
  RequireFinite(result.loss, "the loss", update);

  // Perform a gradient descent step on (y_j - Q(phi_j, a_j; theta))^2 with respect to theta.
  online_->Backpropagate(gradient_of_q_);
  const Optimizer::Outcome step = optimizer_.Step(options_.max_grad_norm);
  result.grad_norm = step.gradient_norm;
  RequireFinite(result.grad_norm, "the gradient's norm", update);
  online_network_.AfterOptimizerStep();
  if (!step.finite || !StatisticsAreFinite(parameters())) {
    Diverged(update, "a parameter is not finite");
  }
  ParametersChanged();
  return result;
}

void HostLearner::ParametersChanged() {
  online_->ParametersChanged();
  actor_->ParametersChanged();
}

UpdateResult HostLearner::CompareWithTargets(const Batch& batch, std::span<const float> q) {
  UpdateResult result;
  for (int j = 0; j < batch.size; ++j) {
    const float q_j = OfState(q, j)[batch.actions[j]];
    const float error = q_j - targets_[j];
    const LossAndSlope loss = LossOf(error, options_.loss);
    const float weight = batch.weights[j] / static_cast<float>(batch.size);
    result.loss += weight * loss.value;
    result.mean_q += q_j / static_cast<float>(batch.size);
    gradient_of_q_[j * num_actions_ + batch.actions[j]] = weight * loss.slope;
  }
  return result;
}

// y_j = r_j for a terminal phi_{j+1}, else r_j + gamma max_a' Q^(phi_{j+1}, a'; theta^-). Double
// DQN (van Hasselt et al. 2016) lets theta choose a' and theta^- judge it. With n_steps > 1, r_j is
// the discounted sum of the rewards on the way and gamma is raised to their number.
void HostLearner::ComputeTargets(const Batch& batch) {
  const std::span<const float> judge = target_->Values(batch.next_states, kUse);
  const std::span<const float> chooser =
      options_.double_q ? online_->Values(batch.next_states, kUse) : judge;
  targets_.resize(batch.size);
  for (int j = 0; j < batch.size; ++j) {
    double discount = 1, y = 0;
    for (int step = 0; step < batch.steps[j]; ++step, discount *= options_.gamma) {
      const float reward = batch.rewards[j * batch.n_steps + step];
      y += discount * (options_.clip_rewards ? std::clamp(reward, -1.0f, 1.0f) : reward);
    }
    if (!batch.terminated[j]) y += discount * OfState(judge, j)[GreedyAction(OfState(chooser, j))];
    targets_[j] = static_cast<float>(y);
  }
}

// What the teacher says of phi_j takes the place of y_j, for every action and not for a_j alone.
UpdateResult HostLearner::CompareWithTeacher(const Batch& batch, std::span<const float> q) {
  const std::span<const float> taught = teacher_->ActionValues(batch.states);
  UpdateResult result;
  for (int j = 0; j < batch.size; ++j) {
    const std::span slopes(gradient_of_q_.data() + static_cast<ptrdiff_t>(j) * num_actions_,
                           num_actions_);
    const float weight = batch.weights[j] / static_cast<float>(batch.size);
    result.loss += weight * DistillationLoss(OfState(q, j), OfState(taught, j), options_, slopes);
    for (float& slope : slopes) slope *= weight;
    result.mean_q += OfState(q, j)[batch.actions[j]] / static_cast<float>(batch.size);
  }
  return result;
}

// Every C steps reset Q^ = Q (tau = 1), or let it follow slowly (Polyak averaging, tau < 1).
void HostLearner::SyncTarget() {
  target_network_.parameters().MoveTowards(parameters(), options_.tau);
  target_->ParametersChanged();
}

HostLearner::HostLearner(const Config& config, const EnvironmentSpec& environment,
                         RandomStream& init, ThreadTeam& team)
    : options_(config.train),
      num_actions_(environment.num_actions()),
      online_network_(config.network, environment.observation, num_actions_, init),
      target_network_(config.network, environment.observation, num_actions_, init),
      optimizer_(config.optimizer, online_network_.parameters(), team),
      online_(Compute(config, online_network_, environment, team)),
      target_(Compute(config, target_network_, environment, team)),
      actor_(config.network.actor == ActorKind::kNetwork
                 ? MakeActor(*online_)
                 : MakeActor(online_network_, config.network, environment.observation)) {
  SetTargetToOnline();
}

FrameCopy& HostLearner::KeepFrames(int64_t) {
  throw std::invalid_argument("replay.on_device needs train.device=cuda");
}

void HostLearner::SetTargetToOnline() {
  target_network_.parameters().MoveTowards(parameters(), 1.0);
  target_->ParametersChanged();
}

void HostLearner::InitializeFrom(std::string_view safetensors, const std::string& source) {
  DecodeSafetensors(safetensors, source, parameters().entries());
  ParametersChanged();
  SetTargetToOnline();
}

void HostLearner::SetUpdates(int64_t updates) {
  optimizer_.SetSteps(updates);
  ParametersChanged();
  target_->ParametersChanged();
}

std::map<std::string, std::vector<NamedTensor>> HostLearner::Tensors() const {
  return {{"network", parameters().entries()},
          {"target", target_network_.parameters().entries()},
          {"optimizer", optimizer_.State()}};
}

}  // namespace dqnd
