#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "env_bridge/running_episode.h"
#include "env_bridge/vector_environment.h"
#include "env_bridge/watch/moment.h"
#include "env_bridge/watch/wakeup.h"

namespace dqnd {

// What one cycle of training did, as it lies in the trainer's memory; valid during Publish only.
struct CycleView {
  const VectorEnvironment& environments;  // just stepped
  std::span<const int> actions;           // [n]
  std::span<const uint8_t> exploratory;   // [n]: 1 where the action was drawn at random, else 0
  // [n, actions]: what the acting network gave; empty when it was not asked. Rows of exploratory
  // env_steps are not shown, since whether they exist depends on the other environments.
  std::span<const float> q_values;
  std::span<const uint8_t> states;           // [n, state bytes]: what the actions were chosen in
  std::span<const RunningEpisode> episodes;  // [n]: without this env_step
  int64_t env_steps = 0;                     // of the run, before this cycle
  double epsilon = 0;
};

// Where the training loop shows its env_steps and subscribers see some of them. A subscriber that
// is slow loses old moments, never new ones; nobody can make Publish wait. What it costs: one
// relaxed load per cycle when nobody subscribes; else a lock that is held for as long as copying a
// picture takes.
//
// Publish is called by one thread; everything else is safe for use by several threads at once.
class WatchHub {
 public:
  using Clock = std::chrono::steady_clock;

  static constexpr double kFewestMomentsPerSecond = 0.001;

  struct SubscriptionOptions {
    int environment_index = 0;
    double moments_per_second = 30;  // kFewestMomentsPerSecond or more
  };

  class Subscription;

  // `on_news` is notified by Publish when a subscriber has a new moment, and must outlive the hub.
  WatchHub(int n_envs, Wakeup& on_news) : n_envs_(n_envs), on_news_(on_news), taken_(n_envs) {}

  // Throws std::invalid_argument when there is no such environment or rate. The subscription ends
  // with the object, which the hub must outlive.
  std::unique_ptr<Subscription> Subscribe(const SubscriptionOptions& options);

  // Whether Publish has anything to do.
  bool wanted() const { return subscribers_.load(std::memory_order_relaxed) > 0; }

  // Shows one cycle. `now` is for tests.
  void Publish(const CycleView& cycle, Clock::time_point now = Clock::now());

 private:
  std::shared_ptr<const Moment> Take(const CycleView& cycle, int lane) const;

  const int n_envs_;
  Wakeup& on_news_;
  std::atomic<int> subscribers_ = 0;

  std::mutex mutex_;  // guards what follows, and the inner state of every subscription
  std::vector<Subscription*> subscriptions_;
  std::vector<std::shared_ptr<const Moment>> taken_;  // [n]: in the current call of Publish
};

// One subscriber's view. Taken by one thread at a time.
class WatchHub::Subscription {
 public:
  struct News {
    std::shared_ptr<const Moment> moment;
    StepSummary not_shown;  // since the moment that Take gave before
  };

  ~Subscription();
  Subscription(const Subscription&) = delete;
  Subscription& operator=(const Subscription&) = delete;

  // The newest moment; null when there is none that was not taken.
  News Take();

 private:
  friend class WatchHub;
  Subscription(WatchHub& hub, const SubscriptionOptions& options);

  WatchHub& hub_;
  const int environment_index_;
  const Clock::duration interval_;

  // Guarded by the hub's mutex.
  Clock::time_point due_ = {};
  std::shared_ptr<const Moment> newest_;
  StepSummary before_newest_;  // not shown since the last Take, up to newest_
  StepSummary after_newest_;
};

}  // namespace dqnd
