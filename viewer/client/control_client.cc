#include "viewer/client/control_client.h"

#include <fmt/format.h>

#include <stdexcept>
#include <utility>

namespace dqnd {
namespace {

constexpr size_t kMaxWaiting = 64;

std::string CarryOut(Connection& connection, RunCommand command, const std::stop_token& stop) {
  switch (command) {
    case RunCommand::kPause:
      return fmt::format("paused at env_step {}", connection.Pause(stop).state().env_steps());
    case RunCommand::kResume:
      return fmt::format("goes on from env_step {}", connection.Resume(stop).state().env_steps());
    case RunCommand::kStep:
      return fmt::format("one cycle, now at env_step {}",
                         connection.Step(1, stop).state().env_steps());
    case RunCommand::kCheckpoint:
      return fmt::format("checkpoint at env_step {}",
                         connection.Checkpoint(stop).checkpoint().env_steps());
    case RunCommand::kStop:
      connection.Stop(stop);
      return "the run is ending with a checkpoint";
  }
  return "";
}

}  // namespace

ControlClient::ControlClient(Destination destination, std::function<void()> wake)
    : destination_(std::move(destination)),
      wake_(std::move(wake)),
      thread_([this](const std::stop_token& stop) { Run(stop); }) {}

ControlClient::~ControlClient() = default;

void ControlClient::Send(RunCommand command) {
  const std::lock_guard lock(mutex_);
  if (commands_.size() == kMaxWaiting) return;
  commands_.push_back(command);
  commanded_.notify_one();
}

bool ControlClient::busy() const {
  const std::lock_guard lock(mutex_);
  return !commands_.empty();
}

std::vector<CommandAnswer> ControlClient::TakeAnswers() {
  const std::lock_guard lock(mutex_);
  return std::exchange(answers_, {});
}

void ControlClient::Run(const std::stop_token& stop) {
  while (true) {
    RunCommand command;
    {
      std::unique_lock lock(mutex_);
      if (!commanded_.wait(lock, stop, [this] { return !commands_.empty(); })) return;
      command = commands_.front();
    }
    CommandAnswer answer = Carry(command, stop);
    {
      const std::lock_guard lock(mutex_);
      commands_.pop_front();
      answers_.push_back(std::move(answer));
    }
    wake_();
  }
}

CommandAnswer ControlClient::Carry(RunCommand command, const std::stop_token& stop) {
  try {
    if (connection_ == nullptr) {
      connection_ = std::make_unique<Connection>(destination_.Resolve(), ConnectionOptions(), stop);
    }
    return {command, true, CarryOut(*connection_, command, stop)};
  } catch (const ConnectionError& error) {
    // The next command tries it with a new one.
    if (error.may_pass()) connection_.reset();
    return {command, false, error.what()};
  } catch (const std::exception& error) {
    connection_.reset();
    return {command, false, error.what()};
  }
}

}  // namespace dqnd
