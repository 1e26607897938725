#include "trainer/training_loop.h"

#include <limits>
#include <string>

#include "trainer/evaluation.h"
#include "trainer/interval.h"

namespace dqnd {
TrainingLoop::TrainingLoop(const Config& config, const Surroundings& surroundings)
    : config_(config), around_(surroundings), dqn_(config) {}

TrainingLoop::Ending TrainingLoop::Run(std::stop_token stop) {
  started_ = std::chrono::steady_clock::now();
  while (dqn_.env_steps() < config_.train.total_env_steps && !stop.stop_requested()) {
    const int64_t before = dqn_.env_steps();
    dqn_.Cycle();
    const int64_t after = dqn_.env_steps();
    around_.metrics.Advance(after, ElapsedSeconds());
    if (PassedMultiple(config_.metrics.every_env_steps, before, after)) Report();
    if (PassedMultiple(config_.evaluation.every_env_steps, before, after)) EvaluateNow(stop);
    if (PassedMultiple(config_.checkpoint.every_env_steps, before, after)) SaveCheckpoint();
  }
  if (last_checkpoint_ != dqn_.env_steps()) SaveCheckpoint();
  around_.metrics.Sync();
  return dqn_.env_steps() < config_.train.total_env_steps ? Ending::kStopped : Ending::kComplete;
}

void TrainingLoop::Report() {
  const double elapsed_seconds = ElapsedSeconds();
  const Dqn::UpdateAverages averages = dqn_.TakeUpdateAverages();
  const auto unless_none = [&averages](double value) {
    return averages.updates > 0 ? value : std::numeric_limits<double>::quiet_NaN();
  };
  const auto env_steps_since = static_cast<double>(dqn_.env_steps() - last_report_.env_steps);
  const double fps = env_steps_since / (elapsed_seconds - last_report_.elapsed_seconds);
  last_report_ = {dqn_.env_steps(), elapsed_seconds};
  const Scalar scalars[] = {{"rollout/ep_rew_mean", dqn_.episodes().mean_return()},
                            {"rollout/ep_len_mean", dqn_.episodes().mean_length()},
                            {"rollout/exploration_rate", dqn_.epsilon()},
                            {"time/fps", fps},
                            {"time/episodes", static_cast<double>(dqn_.episodes().episodes())},
                            {"train/loss", unless_none(averages.loss)},
                            {"train/mean_q", unless_none(averages.mean_q)},
                            {"train/grad_norm", unless_none(averages.grad_norm)},
                            {"train/n_updates", static_cast<double>(dqn_.updates())},
                            {"train/learning_rate", config_.optimizer.learning_rate},
                            {"replay/size", static_cast<double>(dqn_.replay().size())}};
  around_.metrics.Report(dqn_.env_steps(), Now(), scalars);
}

void TrainingLoop::EvaluateNow(std::stop_token stop) {
  const std::optional<EvaluationResult> result =
      Evaluate(dqn_.policy(), config_.environment,
               {.episodes = config_.evaluation.episodes,
                .eps = config_.evaluation.eps,
                .seed = static_cast<uint64_t>(config_.run.seed),
                .stream = "evaluate/" + std::to_string(evaluations_ + 1)},
               stop);
  if (!result) return;
  ++evaluations_;
  around_.metrics.ReportEvaluation({.env_steps = dqn_.env_steps(),
                                    .mean_reward = result->mean_return(),
                                    .std_reward = result->return_deviation(),
                                    .mean_ep_length = result->mean_length(),
                                    .episodes = config_.evaluation.episodes},
                                   Now());
  const bool best = !best_ || result->mean_return() > best_->mean_return;
  around_.log.info("evaluation {} at env_step {}: mean return {:.2f} +- {:.2f} over {} episodes{}",
                   evaluations_, dqn_.env_steps(), result->mean_return(),
                   result->return_deviation(), config_.evaluation.episodes,
                   best ? ", the best so far" : "");
  if (best) {
    best_ = {dqn_.env_steps(), result->mean_return()};
    around_.directory.SaveBest(dqn_.env_steps(), result->mean_return(),
                               dqn_.learner().parameters());
  }
}

double TrainingLoop::ElapsedSeconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - started_).count();
}

ReportTime TrainingLoop::Now() const {
  const auto unix_time = std::chrono::system_clock::now().time_since_epoch();
  return {.elapsed_seconds = ElapsedSeconds(),
          .unix_seconds = std::chrono::duration<double>(unix_time).count()};
}

void TrainingLoop::SaveCheckpoint() {
  around_.directory.SaveCheckpoint(dqn_.env_steps(), dqn_.learner().parameters());
  last_checkpoint_ = dqn_.env_steps();
}

}  // namespace dqnd
