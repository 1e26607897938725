#include "trainer/client_desk.h"

#include <utility>

namespace dqnd {
namespace {

constexpr std::chrono::milliseconds kBetweenStates{250};
constexpr std::chrono::seconds kBetweenNetworks{1};

}  // namespace

ClientDesk::ClientDesk(RemoteControl& control, const PublishedNetwork& network, Loop loop)
    : control_(control), network_(network), loop_(std::move(loop)) {
  loop_.publish_network();
  TellState(RunPhase::kTraining);
}

ClientDesk::~ClientDesk() {
  FinishSteps("the run has ended");
  control_.Close("the run has ended");
}

void ClientDesk::BeforeCycle(const std::stop_token& stop) {
  if (cycles_to_play_ > 0) {
    --cycles_to_play_;
    if (cycles_to_play_ == 0) {
      TellState(RunPhase::kPaused);
      FinishSteps("");
    }
  }
  Attend(RunPhase::kTraining, stop);
}

void ClientDesk::BeforeEvaluationStep(const std::stop_token& stop) {
  Attend(RunPhase::kEvaluating, stop);
}

void ClientDesk::BeforeEnd() {
  FinishSteps("the run ends");
  control_.Close("the run ends");
  TellState(RunPhase::kStopping);
}

double ClientDesk::paused_seconds() const {
  const Clock::duration held = held_since_ ? Clock::now() - *held_since_ : Clock::duration{};
  return std::chrono::duration<double>(paused_time_ + held).count();
}

void ClientDesk::Attend(RunPhase phase, const std::stop_token& stop) {
  while (control_.waiting()) {
    if (auto command = control_.Take()) Obey(std::move(*command), phase);
  }
  if (paused_ && cycles_to_play_ == 0) Hold(phase, stop);
  const Clock::time_point now = Clock::now();
  if (now - state_told_ >= kBetweenStates) TellState(phase);
  if (network_.wanted() && now - network_published_ >= kBetweenNetworks) {
    network_published_ = now;
    loop_.publish_network();
  }
}

// Until a client or the stop lets the run go on.
void ClientDesk::Hold(RunPhase phase, const std::stop_token& stop) {
  held_since_ = Clock::now();
  loop_.publish_network();  // for whoever comes to look meanwhile
  while (paused_ && cycles_to_play_ == 0 && !stop.stop_requested()) {
    TellState(RunPhase::kPaused);
    control_.WaitForCommand(stop);
    if (auto command = control_.Take()) Obey(std::move(*command), phase);
  }
  paused_time_ += Clock::now() - *std::exchange(held_since_, std::nullopt);
  TellState(phase);
}

void ClientDesk::Obey(RemoteControl::Command command, RunPhase phase) {
  switch (command.kind) {
    case RemoteControl::Kind::kPause:
      paused_ = true;
      TellState(RunPhase::kPaused);
      break;
    case RemoteControl::Kind::kResume:
      paused_ = false;
      TellState(phase);
      break;
    case RemoteControl::Kind::kStep:
      if (!paused_) return command.done("the run is not paused; pause it, then step");
      if (phase == RunPhase::kEvaluating) {
        return command.done("the run is paused within an evaluation; resume it, and step after it");
      }
      if (cycles_to_play_ > 0) return command.done("another client's steps are being played");
      cycles_to_play_ = command.cycles;
      steps_done_ = std::move(command.done);
      return;
    case RemoteControl::Kind::kCheckpoint:
      return loop_.checkpoint(paused_, [this, done = std::move(command.done)](const auto& failure) {
        TellState(phase_);  // with the new checkpoint
        done(failure);
      });
  }
  command.done("");
}

void ClientDesk::TellState(RunPhase phase) {
  state_told_ = Clock::now();
  phase_ = phase;
  RunState state = loop_.state();
  state.phase = phase;
  if (phase == RunPhase::kPaused) state.remaining_seconds.reset();  // it stands still
  control_.SetState(state);
}

void ClientDesk::FinishSteps(const std::string& failure) {
  cycles_to_play_ = 0;
  if (const RunControl::Done done = std::exchange(steps_done_, nullptr)) done(failure);
}

}  // namespace dqnd
