#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <stop_token>

#include <spdlog/logger.h>

#include "trainer/config/config.h"
#include "trainer/dqn.h"
#include "trainer/metrics/metrics.h"
#include "trainer/run_directory.h"

namespace dqnd {

// Runs cycles until the configured end, and between them what is due: reports, evaluations,
// checkpoints, the stop. Owned and called by one thread.
class TrainingLoop {
 public:
  enum class Ending { kComplete, kStopped };

  // The loop's surroundings, all of which must outlive it.
  struct Surroundings {
    RunDirectory& directory;
    Metrics& metrics;
    spdlog::logger& log;
  };

  TrainingLoop(const Config& config, const Surroundings& surroundings);

  // Trains until total_env_steps, or until `stop` is requested: then to the end of the cycle (an
  // evaluation under way is given up), with a checkpoint. Throws NonFiniteError before any file is
  // written with what was not finite, and std::system_error when a file cannot be written.
  Ending Run(std::stop_token stop);

  const Dqn& dqn() const { return dqn_; }

  struct BestEvaluation {
    int64_t env_steps = 0;
    double mean_return = 0;
  };
  const std::optional<BestEvaluation>& best_evaluation() const { return best_; }
  int64_t last_checkpoint_env_steps() const { return last_checkpoint_; }

 private:
  void Report();
  void EvaluateNow(std::stop_token stop);
  void SaveCheckpoint();
  double ElapsedSeconds() const;  // since Run began
  ReportTime Now() const;

  const Config config_;
  Surroundings around_;
  Dqn dqn_;
  std::optional<BestEvaluation> best_;
  int64_t evaluations_ = 0;
  int64_t last_checkpoint_ = 0;
  std::chrono::steady_clock::time_point started_;
  struct Mark {
    int64_t env_steps = 0;
    double elapsed_seconds = 0;
  };
  Mark last_report_;
};

}  // namespace dqnd
