#include "env_bridge/watch/saliency_worker.h"

#include <chrono>
#include <utility>

#include "env_bridge/watch/background_thread.h"

namespace dqnd {

using Clock = std::chrono::steady_clock;

SaliencyWorker::SaliencyWorker(PolicySource& policies, const ObservationSpec& observation,
                               Wakeup& on_result)
    : policies_(policies),
      observation_(observation),
      on_result_(on_result),
      thread_([this](const std::stop_token& stop) { Run(stop); }) {}

void SaliencyWorker::Offer(int64_t env_step, const std::vector<uint8_t>& state, int action) {
  {
    const std::lock_guard lock(mutex_);
    if (task_ == nullptr) task_ = std::make_unique<Task>();
    task_->env_step = env_step;
    task_->state = state;
    task_->action = action;
  }
  offered_.Notify();
}

std::shared_ptr<const SaliencyWorker::Result> SaliencyWorker::newest() const {
  const std::lock_guard lock(mutex_);
  return newest_;
}

void SaliencyWorker::Run(const std::stop_token& stop) {
  YieldToOtherThreads();
  const std::unique_ptr<LivePolicy> policy = policies_.Make();
  while (!stop.stop_requested()) {
    std::unique_ptr<Task> task;
    {
      const std::lock_guard lock(mutex_);
      task = std::exchange(task_, nullptr);
    }
    if (task == nullptr) {
      offered_.WaitUntil(Clock::time_point::max(), stop);
      continue;
    }
    const Clock::time_point begun = Clock::now();
    policy->Refresh();
    auto result = std::make_shared<Result>();
    result->env_step = task->env_step;
    result->map = ComputeSaliency(*policy, observation_, task->state, task->action);
    {
      const std::lock_guard lock(mutex_);
      newest_ = std::move(result);
    }
    on_result_.Notify();
    const Clock::time_point rested = Clock::now() + 3 * (Clock::now() - begun);
    while (Clock::now() < rested && !stop.stop_requested()) offered_.WaitUntil(rested, stop);
  }
}

}  // namespace dqnd
