#include "trainer/training_loop.h"

#include <cmath>
#include <limits>
#include <vector>

#include "trainer/evaluation.h"

namespace dqnd {
namespace {

using Seconds = std::chrono::duration<double>;

// Whether a count that moved from `before` to `after` passed a multiple of `interval`; never for 0.
bool Due(int64_t interval, int64_t before, int64_t after) {
  return interval > 0 && before / interval != after / interval;
}

}  // namespace

TrainingLoop::TrainingLoop(const Config& config, const Surroundings& surroundings)
    : config_(config), around_(surroundings), dqn_(config) {}

TrainingLoop::Ending TrainingLoop::Run(std::stop_token stop) {
  started_ = last_report_ = std::chrono::steady_clock::now();
  while (dqn_.env_steps() < config_.train.total_env_steps && !stop.stop_requested()) {
    const int64_t before = dqn_.env_steps();
    dqn_.Cycle();
    const int64_t after = dqn_.env_steps();
    if (Due(config_.metrics.every_env_steps, before, after)) Report();
    if (Due(config_.evaluation.every_env_steps, before, after)) EvaluateNow(stop);
    if (Due(config_.checkpoint.every_env_steps, before, after)) SaveCheckpoint();
  }
  if (last_checkpoint_ != dqn_.env_steps()) SaveCheckpoint();
  around_.metrics.Flush();
  return dqn_.env_steps() < config_.train.total_env_steps ? Ending::kStopped : Ending::kComplete;
}

void TrainingLoop::Report() {
  const auto now = std::chrono::steady_clock::now();
  const double elapsed = Seconds(now - started_).count();
  const double since_last = Seconds(now - std::exchange(last_report_, now)).count();
  const auto steps_since_last = static_cast<double>(
      dqn_.env_steps() - std::exchange(last_report_env_steps_, dqn_.env_steps()));
  const Dqn::UpdateAverages averages = dqn_.TakeUpdateAverages();
  const auto unless_none = [](bool any, double value) {
    return any ? value : std::numeric_limits<double>::quiet_NaN();
  };
  const EpisodeStatistics& episodes = dqn_.episodes();
  const bool ended = episodes.episodes() > 0, updated = averages.updates > 0;
  around_.metrics.Report(dqn_.env_steps(), elapsed,
                         {{{"rollout/ep_rew_mean", unless_none(ended, episodes.mean_return())},
                           {"rollout/ep_len_mean", unless_none(ended, episodes.mean_length())},
                           {"rollout/exploration_rate", dqn_.epsilon()},
                           {"time/fps", steps_since_last / since_last},
                           {"time/episodes", static_cast<double>(episodes.episodes())},
                           {"time/time_elapsed", elapsed},
                           {"time/total_timesteps", static_cast<double>(dqn_.env_steps())},
                           {"train/loss", unless_none(updated, averages.loss)},
                           {"train/mean_q", unless_none(updated, averages.mean_q)},
                           {"train/grad_norm", unless_none(updated, averages.grad_norm)},
                           {"train/n_updates", static_cast<double>(dqn_.updates())},
                           {"train/learning_rate", config_.optimizer.learning_rate},
                           {"replay/size", static_cast<double>(dqn_.replay().size())}}});
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
                                    .episodes = config_.evaluation.episodes});
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

void TrainingLoop::SaveCheckpoint() {
  around_.directory.SaveCheckpoint(dqn_.env_steps(), dqn_.learner().parameters());
  last_checkpoint_ = dqn_.env_steps();
}

}  // namespace dqnd
