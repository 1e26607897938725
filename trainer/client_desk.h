#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>

#include "env_bridge/run_control.h"
#include "trainer/published_network.h"
#include "trainer/remote_control.h"

namespace dqnd {

// Where the training loop meets its clients, between two cycles: carries out their commands, holds
// the run while it is paused, and publishes its state and its parameters. Costs a cycle in which
// nothing is due a few loads and a look at the clock. Owned and called by the loop's thread.
class ClientDesk {
 public:
  // What the loop does for its clients.
  struct Loop {
    std::function<RunState()> state;  // but for the phase
    // Has a checkpoint written and calls `done` when it is complete; `wait`: before it returns.
    std::function<void(bool wait, RunControl::Done done)> checkpoint;
    std::function<void()> publish_network;
  };

  // `control` and `network` must outlive this object.
  ClientDesk(RemoteControl& control, const PublishedNetwork& network, Loop loop);

  // Refuses the commands that are not done.
  ~ClientDesk();

  // Before each cycle. Returns when the run may go on: a paused one waits in here for Resume, Step,
  // or the stop.
  void BeforeCycle(const std::stop_token& stop);

  // Before each env_step of an evaluation, which a pause holds, too.
  void BeforeEvaluationStep(const std::stop_token& stop);

  // Before the run's last checkpoint: no command is carried out any more.
  void BeforeEnd();

  // For which the run was paused so far.
  double paused_seconds() const;

 private:
  using Clock = std::chrono::steady_clock;

  void Attend(RunPhase phase, const std::stop_token& stop);
  void Obey(RemoteControl::Command command, RunPhase phase);
  void Hold(RunPhase phase, const std::stop_token& stop);
  void TellState(RunPhase phase);
  void FinishSteps(const std::string& failure);

  RemoteControl& control_;
  const PublishedNetwork& network_;
  const Loop loop_;

  RunPhase phase_ = RunPhase::kTraining;  // that was told last
  bool paused_ = false;
  int64_t cycles_to_play_ = 0;                   // of a paused run, by Step
  RunControl::Done steps_done_;                  // what waits for them
  Clock::duration paused_time_ = {};             // but for the pause that lasts
  std::optional<Clock::time_point> held_since_;  // that one's begin
  Clock::time_point state_told_ = {};
  Clock::time_point network_published_ = {};
};

}  // namespace dqnd
