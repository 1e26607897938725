#include "trainer/remote_control.h"

#include <utility>

namespace dqnd {

RemoteControl::RemoteControl(RunDescription description, std::function<void()> request_stop,
                             Wakeup& news)
    : description_(std::move(description)), request_stop_(std::move(request_stop)), news_(news) {}

RemoteControl::~RemoteControl() {
  Close("the run has ended");
}

RunState RemoteControl::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

void RemoteControl::SetState(const RunState& state) {
  bool phase_changed = false;
  {
    const std::lock_guard lock(mutex_);
    phase_changed = state.phase != state_.phase;
    state_ = state;
  }
  if (phase_changed) news_.Notify();
}

void RemoteControl::Add(Command command) {
  std::string refusal;
  {
    const std::lock_guard lock(mutex_);
    if (closed_.empty() && commands_.size() < kMostWaiting) {
      commands_.push_back(std::move(command));
      waiting_ = true;
      added_.notify_all();
      return;
    }
    refusal = closed_.empty() ? "1000 commands wait for the run already" : closed_;
  }
  command.done(refusal);
}

void RemoteControl::Stop(Done done) {
  stopped_ = true;
  request_stop_();
  {
    const std::lock_guard lock(mutex_);
    if (state_.phase != RunPhase::kServing) state_.phase = RunPhase::kStopping;
  }
  done("");
}

std::optional<RemoteControl::Command> RemoteControl::Take() {
  const std::lock_guard lock(mutex_);
  if (commands_.empty()) return std::nullopt;
  Command command = std::move(commands_.front());
  commands_.pop_front();
  waiting_ = !commands_.empty();
  return command;
}

void RemoteControl::WaitForCommand(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  added_.wait(lock, stop, [this] { return !commands_.empty(); });
}

void RemoteControl::Close(const std::string& why) {
  std::deque<Command> refused;
  {
    const std::lock_guard lock(mutex_);
    closed_ = why;
    refused.swap(commands_);
    waiting_ = false;
  }
  for (const Command& command : refused) command.done(why);
}

}  // namespace dqnd
