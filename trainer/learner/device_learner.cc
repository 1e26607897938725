#include "trainer/learner/device_learner.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include "trainer/learner/teacher.h"
#include "trainer/network/safetensors.h"

namespace dqnd {
namespace {

// The formulas of loss.h, for a batch at a time.
struct Difference {
  at::Tensor losses;  // [batch]
  at::Tensor slopes;  // of each with respect to what was compared, [batch] or [batch, actions]
};

Difference LossesOf(const at::Tensor& error, Loss loss) {
  if (loss == Loss::kSquared) return {error * error, 2 * error};
  const at::Tensor size = error.abs();
  return {at::where(size < 1, 0.5 * error * error, size - 0.5), error.clamp(-1, 1)};
}

// student and teacher: [batch, actions].
Difference DistillationLosses(const at::Tensor& student, const at::Tensor& teacher,
                              const TrainSection& options) {
  if (options.teacher_loss == TeacherLoss::kValues) {
    const auto [losses, slopes] = LossesOf(student - teacher, options.loss);
    return {losses.mean(1), slopes / student.size(1)};
  }
  const double temperature = options.teacher_temperature;
  const at::Tensor here = at::log_softmax(student.to(at::kDouble) / temperature, 1);
  const at::Tensor there = at::log_softmax(teacher.to(at::kDouble) / temperature, 1);
  return {(there.exp() * (there - here)).sum(1).to(at::kFloat),
          ((here.exp() - there.exp()) / temperature).to(at::kFloat)};
}

}  // namespace

UpdateResult DeviceLearner::Update(const Batch& batch) {
  if (!batch_ || !batch_->IsLike(batch)) {
    batch_.emplace(queue_, observation_, batch, frames_.get());
    update_ = std::make_unique<RepeatedWork>(queue_, [this] { Work(); });
  }
  if (frames_ != nullptr) frames_->Send();
  batch_->Stage(batch);
  optimizer_.StageStep();
  update_->Run();
  queue_.Finish();
  const float* seen = seen_.const_data_ptr<float>();
  const UpdateResult result{.loss = seen[0], .mean_q = seen[1], .grad_norm = seen[2]};
  if (!std::isfinite(result.loss) || !std::isfinite(result.grad_norm) || seen[3] == 0) {
    throw NonFiniteError("update " + std::to_string(updates()) + ": the loss is " +
                         std::to_string(result.loss) + ", the gradient's norm " +
                         std::to_string(result.grad_norm) + ", and " +
                         (seen[3] == 0 ? "a parameter is not finite" : "parameters are finite"));
  }
  return result;
}

// As HostLearner::Update, whose comments name the paper's lines.
void DeviceLearner::Work() {
  const c10::NoGradGuard no_grad;
  batch_->Send();
  const at::Tensor aim = teacher_ == nullptr ? Targets() : Values(*teacher_, batch_->states, kUse);

  // Q(phi_j, .; theta), and how far it is from y_j or from the teacher's.
  at::Tensor recorded;
  {
    const c10::AutoGradMode records(true);
    recorded = Values(online_, batch_->states, kUpdate);
  }
  const at::Tensor q = recorded.detach();
  const at::Tensor chosen = batch_->actions.unsqueeze(1).eq(actions_);  // [batch, actions]
  const at::Tensor q_j = q.mul(chosen).sum(1);
  Difference difference;
  if (teacher_ == nullptr) {
    difference = LossesOf(q_j - aim, options_.loss);
    difference.slopes = chosen * difference.slopes.unsqueeze(1);
  } else {
    difference = DistillationLosses(q, aim, options_);
  }

  // Gradient descent on it with respect to theta.
  const at::Tensor weights = batch_->weights / static_cast<double>(q.size(0));
  const at::Tensor gradient = optimizer_.gradient().all();
  at::Tensor(gradient).zero_();
  recorded.backward(difference.slopes * weights.unsqueeze(1));
  const at::Tensor norm = gradient.norm();
  optimizer_.Step(options_.max_grad_norm ? (*options_.max_grad_norm / norm).clamp_max(1)
                                         : at::ones_like(norm));
  online_.AfterOptimizerStep();
  const at::Tensor finite = at::isfinite(online_.numbers().all()).all();

  const at::Tensor loss = (weights * difference.losses).sum();
  result_.copy_(at::stack({loss, q_j.mean(), norm, finite.to(at::kFloat)}));
  seen_.copy_(result_, /*non_blocking=*/true);
}

// y_j, [batch]; as HostLearner::ComputeTargets, sums of rewards in float64.
at::Tensor DeviceLearner::Targets() const {
  const at::Tensor& next = batch_->next_states;
  const at::Tensor judge = Values(target_, next, kUse);
  const at::Tensor best =
      options_.double_q ? judge.gather(1, Values(online_, next, kUse).argmax(1, true)).squeeze(1)
                        : judge.amax(1);
  // Rewards beyond a transition's env_steps are 0.
  at::Tensor rewards = batch_->rewards.to(at::kDouble);
  if (options_.clip_rewards) rewards = rewards.clamp(-1, 1);
  const at::Tensor discounts = powers_of_gamma_.narrow(0, 0, rewards.size(1));
  const at::Tensor goes_on = batch_->terminated.eq(0).to(at::kDouble);
  return ((rewards * discounts).sum(1) +
          powers_of_gamma_.index_select(0, batch_->steps) * goes_on * best)
      .to(at::kFloat);
}

void DeviceLearner::SyncTarget() {
  const c10::StreamGuard use = queue_.Use();
  at::Tensor target = target_.numbers().all();
  const at::Tensor& online = online_.numbers().all();
  if (options_.tau == 1) {
    target.copy_(online);
  } else {
    target.lerp_(online, options_.tau);
  }
}

DeviceLearner::DeviceLearner(const Config& config, const EnvironmentSpec& environment,
                             RandomStream& init, c10::Device device)
    : options_(config.train),
      observation_(environment.observation),
      queue_(device),
      online_(queue_, QNetwork(config.network, observation_, environment.num_actions(), init)),
      target_(queue_, QNetwork(config.network, observation_, environment.num_actions(), init)),
      optimizer_(config.optimizer, queue_, online_.numbers(), online_.here().entries()),
      actor_(queue_, online_, environment),
      result_(queue_.DeviceMemory({4}, at::kFloat)),
      seen_(queue_.StagingMemory({4}, at::kFloat)) {
  const c10::StreamGuard use = queue_.Use();
  actions_ = at::arange(environment.num_actions(), at::TensorOptions(at::kInt).device(device));
  const at::Tensor exponents = at::arange(options_.n_steps + 1, at::kDouble);
  powers_of_gamma_ = at::pow(options_.gamma, exponents).to(device);
  online_.SetGradient(optimizer_.gradient());
  SetTargetToOnline();
}

void DeviceLearner::SetTargetToOnline() {
  const c10::StreamGuard use = queue_.Use();
  target_.numbers().all().copy_(online_.numbers().all());
  queue_.Finish();
}

void DeviceLearner::LearnFrom(Teacher& teacher) {
  RandomStream any(0, "teacher");
  teacher_ = std::make_unique<Network>(
      queue_, QNetwork(teacher.options(), observation_, static_cast<int>(actions_.numel()), any));
  teacher_->CopyFrom(teacher.network().parameters());
  batch_.reset();  // the next update is other work
}

FrameCopy& DeviceLearner::KeepFrames(int64_t capacity) {
  frames_ = std::make_unique<DeviceFrames>(queue_, observation_.bytes(), capacity);
  return *frames_;
}

void DeviceLearner::InitializeFrom(std::string_view safetensors, const std::string& source) {
  DecodeSafetensors(safetensors, source, online_.here().entries());
  online_.numbers().Put();
  SetTargetToOnline();
}

const Parameters& DeviceLearner::parameters() const {
  online_.numbers().Fetch();
  return online_.here();
}

std::map<std::string, std::vector<NamedTensor>> DeviceLearner::Tensors() const {
  return {{"network", online_.numbers().Fetch()},
          {"target", target_.numbers().Fetch()},
          {"optimizer", optimizer_.State()}};
}

void DeviceLearner::SetUpdates(int64_t updates) {
  online_.numbers().Put();
  target_.numbers().Put();
  optimizer_.SetSteps(updates);
}

DeviceLearner::Network::Network(const DeviceQueue& queue, QNetwork network)
    : network_(std::move(network)), numbers_(queue, network_.parameters().entries(), "") {
  const c10::NoGradGuard no_grad;
  const auto& own = network_.parameters().entries();
  for (size_t i = 0; i < own.size(); ++i) {
    const NamedTensor& here = numbers_.here()[i];
    at::Tensor(here.value).copy_(own[i].value);
    if (own[i].value.requires_grad()) {
      here_.Add(here.name, here.value, here.shape);
    } else {
      here_.AddStatistic(here.name, here.value);
    }
    // Its layers hold the same tensor.
    own[i].value.set_data(numbers_.OnDevice(i));
  }
  numbers_.Put();
}

void DeviceLearner::Network::SetGradient(const DeviceNumbers& gradient) {
  const auto& own = network_.parameters().entries();
  for (size_t i = 0; i < own.size(); ++i) {
    if (own[i].value.requires_grad()) own[i].value.mutable_grad() = gradient.OnDevice(i);
  }
}

void DeviceLearner::Network::CopyFrom(const Parameters& source) {
  here_.MoveTowards(source, 1);
  numbers_.Put();
}

// A forward pass for so many states.
struct DeviceLearner::DeviceActor::Pass {
  at::Tensor staged, sent;  // u8 [states, stack, observation bytes]: here, on the device
  at::Tensor values;        // f32 [states, actions], here
  std::unique_ptr<RepeatedWork> work;
};

std::span<const float> DeviceLearner::DeviceActor::ActionValues(std::span<const uint8_t> states) {
  const int64_t count =
      static_cast<int64_t>(states.size()) / observation_.stack / observation_.bytes();
  std::shared_ptr<Pass>& pass = passes_[count];
  if (pass == nullptr) {
    const int64_t sizes[] = {count, observation_.stack, observation_.bytes()};
    pass = std::make_shared<Pass>();
    pass->staged = queue_.StagingMemory(sizes, at::kByte);
    pass->sent = queue_.DeviceMemory(sizes, at::kByte);
    pass->values = queue_.StagingMemory({count, num_actions_}, at::kFloat);
    pass->work = std::make_unique<RepeatedWork>(queue_, [this, &pass = *pass] {
      const c10::NoGradGuard no_grad;
      pass.sent.copy_(pass.staged, /*non_blocking=*/true);
      const at::Tensor input = ToNetworkInput(pass.sent, observation_, network_.state_scale());
      pass.values.copy_(network_.Forward(input, kUse), /*non_blocking=*/true);
    });
  }
  std::ranges::copy(states, pass->staged.data_ptr<uint8_t>());
  pass->work->Run();
  queue_.Finish();
  return {pass->values.const_data_ptr<float>(), static_cast<size_t>(pass->values.numel())};
}

}  // namespace dqnd
