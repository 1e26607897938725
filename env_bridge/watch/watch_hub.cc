#include "env_bridge/watch/watch_hub.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

namespace dqnd {
namespace {

// At least a tick of the clock. REQUIRES: a rate that Subscribe takes, so that it fits the clock.
WatchHub::Clock::duration IntervalOf(double moments_per_second) {
  using Duration = WatchHub::Clock::duration;
  const std::chrono::duration<double> seconds(1.0 / moments_per_second);
  return std::max(std::chrono::duration_cast<Duration>(seconds), Duration(1));
}

}  // namespace

std::unique_ptr<WatchHub::Subscription> WatchHub::Subscribe(const SubscriptionOptions& options) {
  if (n_envs_ == 0) {
    throw std::invalid_argument("nothing is trained here; watch an exhibition game");
  }
  if (options.environment_index < 0 || options.environment_index >= n_envs_) {
    throw std::invalid_argument(
        fmt::format("environment_index is {}; this run has {}, from 0 to {}",
                    options.environment_index, n_envs_, n_envs_ - 1));
  }
  if (!(options.moments_per_second >= kFewestMomentsPerSecond)) {
    throw std::invalid_argument(fmt::format("moments_per_second is {}; choose {} or more",
                                            options.moments_per_second, kFewestMomentsPerSecond));
  }
  std::unique_ptr<Subscription> subscription(new Subscription(*this, options));
  const std::lock_guard lock(mutex_);
  subscriptions_.push_back(subscription.get());
  subscribers_ = static_cast<int>(subscriptions_.size());
  return subscription;
}

void WatchHub::Publish(const CycleView& cycle, Clock::time_point now) {
  bool news = false;
  {
    const std::lock_guard lock(mutex_);
    for (Subscription* subscriber : subscriptions_) {
      const int lane = subscriber->environment_index_;
      if (now < subscriber->due_) {
        const StepResult& result = cycle.environments.results()[lane];
        subscriber->after_newest_.Add(result.reward, cycle.exploratory[lane] != 0,
                                      result.game_over);
        continue;
      }
      // Multiples of the interval, so that subscribers of one rate share their moments.
      subscriber->due_ =
          now - now.time_since_epoch() % subscriber->interval_ + subscriber->interval_;
      if (subscriber->newest_ != nullptr) {
        subscriber->before_newest_.Add(subscriber->newest_->step.value());
      }
      subscriber->before_newest_.Add(std::exchange(subscriber->after_newest_, {}));
      if (taken_[lane] == nullptr) taken_[lane] = Take(cycle, lane);
      subscriber->newest_ = taken_[lane];
      news = true;
    }
    std::ranges::fill(taken_, nullptr);
  }
  if (news) on_news_.Notify();
}

std::shared_ptr<const Moment> WatchHub::Take(const CycleView& cycle, int lane) const {
  auto moment = std::make_shared<Moment>();
  cycle.environments.Render(lane, moment->picture);
  moment->unix_nanoseconds = UnixNanoseconds();
  const StepResult& result = cycle.environments.results()[lane];
  const size_t state_bytes = cycle.states.size() / n_envs_;
  const auto state = cycle.states.subspan(lane * state_bytes, state_bytes);
  moment->state.assign(state.begin(), state.end());

  ShownStep& step = moment->step.emplace();
  step.env_step = cycle.env_steps;
  step.episode_env_step = cycle.episodes[lane].length_env_steps + 1;
  step.action = cycle.actions[lane];
  step.exploratory = cycle.exploratory[lane] != 0;
  step.return_so_far = cycle.episodes[lane].total_reward + result.reward;
  step.epsilon = cycle.epsilon;
  step.result = result;
  if (!step.exploratory) {
    const size_t num_actions = cycle.q_values.size() / n_envs_;
    const auto values = cycle.q_values.subspan(lane * num_actions, num_actions);
    step.q_values.assign(values.begin(), values.end());
  }
  return moment;
}

WatchHub::Subscription::Subscription(WatchHub& hub, const SubscriptionOptions& options)
    : hub_(hub),
      environment_index_(options.environment_index),
      interval_(IntervalOf(options.moments_per_second)) {}

WatchHub::Subscription::~Subscription() {
  const std::lock_guard lock(hub_.mutex_);
  std::erase(hub_.subscriptions_, this);
  hub_.subscribers_ = static_cast<int>(hub_.subscriptions_.size());
}

WatchHub::Subscription::News WatchHub::Subscription::Take() {
  const std::lock_guard lock(hub_.mutex_);
  if (newest_ == nullptr) return {};
  return {.moment = std::exchange(newest_, nullptr),
          .not_shown = std::exchange(before_newest_, {})};
}

}  // namespace dqnd
