#pragma once

#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "env_bridge/run_control.h"

namespace dqnd {

// A run that notes what it is asked, and does it at once.
class FakeRun final : public RunControl {
 public:
  explicit FakeRun(RunDescription description) : description_(std::move(description)) {}

  const RunDescription& description() const override { return description_; }

  RunState state() const override {
    const std::lock_guard lock(mutex_);
    return state_;
  }

  void Pause(Done done) override { Do("pause", RunPhase::kPaused, done); }
  void Resume(Done done) override { Do("resume", RunPhase::kTraining, done); }
  void Step(int64_t cycles, Done done) override {
    Do("step " + std::to_string(cycles), RunPhase::kPaused, done);
  }
  void Checkpoint(Done done) override { Do("checkpoint", state().phase, done); }
  void Stop(Done done) override { Do("stop", RunPhase::kStopping, done); }

  // What every command answers from now on.
  void Fail(const std::string& failure) {
    const std::lock_guard lock(mutex_);
    failure_ = failure;
  }

  std::vector<std::string> asked() const {
    const std::lock_guard lock(mutex_);
    return asked_;
  }

 private:
  void Do(const std::string& what, RunPhase phase, const Done& done) {
    std::string failure;
    {
      const std::lock_guard lock(mutex_);
      asked_.push_back(what);
      failure = failure_;
      if (failure.empty()) state_.phase = phase;
    }
    done(failure);
  }

  const RunDescription description_;
  mutable std::mutex mutex_;  // guards what follows
  RunState state_{.env_steps = 1000, .total_env_steps = 4000};
  std::string failure_;
  std::vector<std::string> asked_;
};

}  // namespace dqnd
