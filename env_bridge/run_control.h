#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "env_bridge/environment.h"

namespace dqnd {

enum class RunPhase {
  kTraining,
  kPaused,
  kEvaluating,
  kStopping,  // its last checkpoint is being written
  kServing,   // not trained, only offered for exhibition games
};

// Where a run stands; the same as RunState of the RPC contract, which says more of each member.
struct RunState {
  struct UpdateAverages {
    int64_t updates = 0;
    double loss = 0, mean_q = 0, grad_norm = 0;
  };
  struct Checkpoint {
    int64_t env_steps = 0;
    double unix_seconds = 0;
  };
  struct BestEvaluation {
    int64_t env_steps = 0;
    double mean_return = 0;
  };

  RunPhase phase = RunPhase::kTraining;
  int64_t env_steps = 0;
  int64_t total_env_steps = 0;
  int64_t updates = 0;
  double env_steps_per_second = 0;
  std::optional<double> remaining_seconds = {};
  double elapsed_seconds = 0;
  double epsilon = 0;
  int64_t episodes = 0;
  std::optional<double> mean_return = {};
  UpdateAverages update_averages = {};  // all 0 when there were no updates
  int64_t replay_transitions = 0;
  int64_t replay_buffer_size = 0;
  int64_t replay_bytes = 0;
  int64_t replay_max_bytes = 0;
  int64_t resident_bytes = 0;
  int64_t memory_limit_bytes = 0;
  std::optional<Checkpoint> checkpoint = {};
  std::string checkpoint_failure = {};
  std::optional<BestEvaluation> best_evaluation = {};
};

// What does not change while the daemon runs.
struct RunDescription {
  std::string name;
  EnvironmentSpec environment;
  int n_envs = 0;  // 0 for a run that is only played
  std::string architecture;
  int64_t parameters = 0;
  std::string config_yaml;
};

// What clients may ask of a run; the trainer implements it. Safe for use by several threads at
// once. Nothing here changes what is learned.
//
// A command returns at once. `done` is called exactly once, from whichever thread carries the
// command out, perhaps before the command returns; `failure` is empty when it was carried out, and
// else a sentence that says why not. It must not block.
class RunControl {
 public:
  using Done = std::function<void(const std::string& failure)>;

  virtual ~RunControl() = default;

  virtual const RunDescription& description() const = 0;
  virtual RunState state() const = 0;

  // The run stands still when it is done, before its next env_step.
  virtual void Pause(Done done) = 0;
  virtual void Resume(Done done) = 0;
  // Plays some cycles of a paused run. REQUIRES: cycles >= 1.
  virtual void Step(int64_t cycles, Done done) = 0;
  // A checkpoint of this moment is complete when it is done.
  virtual void Checkpoint(Done done) = 0;
  // The run will end, with a checkpoint, when it is done.
  virtual void Stop(Done done) = 0;
};

}  // namespace dqnd
