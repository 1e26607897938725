#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include <spdlog/logger.h>

#include "base/file_system.h"
#include "env_bridge/rpc/recording_writer.h"
#include "trainer/checkpoint/checkpoint_writer.h"
#include "trainer/checkpointing.h"
#include "trainer/client_desk.h"
#include "trainer/config/config.h"
#include "trainer/dqn.h"
#include "trainer/evaluation.h"
#include "trainer/metrics/metrics.h"

namespace dqnd {

// Runs cycles until the configured end, and between them what is due: reports, evaluations,
// checkpoints, the stop. Owned and called by one thread.
//
// A disk that takes nothing for a while (full, or not answering) stops no training: rows of metrics
// wait in memory, and a checkpoint that failed is tried again.
class TrainingLoop {
 public:
  enum class Ending {
    kComplete,
    kStopped,
    kStoppedInHaste,  // stop_grace_seconds were over before the last checkpoint was written
  };

  // The loop's surroundings, all of which must outlive it.
  struct Surroundings {
    FileSystem& files;
    std::filesystem::path run;  // the run directory
    CheckpointWriter& writer;
    Metrics& metrics;
    spdlog::logger& log;
  };

  // `dqn` and `state` are new, or as a checkpoint restored them. `history` says where the run
  // stands (env_steps, the seconds that earlier processes trained) and what every manifest of this
  // process repeats (machine, program version, changes).
  TrainingLoop(const Config& config, Dqn& dqn, LoopState& state, const Surroundings& surroundings,
               const Manifest& history);

  // Obeys clients from now on, and publishes for them. Before Run; both must outlive this object.
  void Connect(RemoteControl& control, PublishedNetwork& network);

  // Trains until total_env_steps, or until `stop` is requested: then to the end of the cycle (an
  // evaluation under way is given up, to be played again), with a checkpoint. Throws NonFiniteError
  // before any file is written with what was not finite, and std::runtime_error when the last
  // checkpoint cannot be written.
  Ending Run(const std::stop_token& stop);

  ~TrainingLoop();

  // Of training, over all processes of the run.
  double elapsed_seconds() const;

 private:
  using Clock = std::chrono::steady_clock;

  RunState State();
  void CheckpointForClient(bool wait, RunControl::Done done);
  void AnswerCheckpointClients(int64_t env_steps, const std::string& failure);
  void Report();
  std::optional<EvaluationResult> PlayEvaluation(MomentSink* sink, const std::stop_token& stop);
  void EvaluateIfDue(const std::stop_token& stop);
  std::unique_ptr<RecordingWriter> BeginRecording();  // null: none is wanted
  void KeepRecording(RecordingWriter& recording);
  void SaveBestIfWaiting();
  bool CheckpointIsDue(int64_t env_steps_before) const;
  void HandOverSealedSegments(const std::stop_token& stop);
  void HandOverCheckpoint(const std::stop_token& stop);
  void TellOutcome();
  void TellMetricsProblem();
  void TellFailure(int64_t env_steps, const std::string& failure);
  Ending Finish(Clock::time_point deadline);
  bool complete() const;  // nothing is left to do
  ReportTime Now() const;

  const Config config_;
  Dqn& dqn_;
  LoopState& state_;
  Surroundings around_;
  const Manifest history_;
  const int64_t memory_limit_bytes_;

  Clock::time_point started_ = Clock::now();
  // When the stop was requested, set by whichever thread requested it.
  std::atomic<Clock::rep> stop_requested_at_ = 0;
  Clock::time_point last_checkpoint_at_ = Clock::now();
  int64_t next_segment_;       // no segment that begins before it needs to be handed over
  int64_t handed_over_;        // env_steps of the newest checkpoint that the writer got
  double pause_ms_ = 0;        // for which training stood still for the newest checkpoint
  int64_t written_;            // env_steps of the newest checkpoint that is known to be complete
  std::string failure_;        // of the newest checkpoint; empty: none, or it is not known yet
  std::string games_failure_;  // why they cannot be played on; empty while they can
  std::string metrics_problem_;
  double written_unix_seconds_;
  std::string waiting_best_;  // the content of best/network.safetensors, until it is written
  struct Mark {
    int64_t env_steps = 0;
    double elapsed_seconds = 0;
  };
  Mark last_report_;
  std::deque<Mark> recent_;  // for the speed that clients see

  struct CheckpointClient {
    int64_t env_steps;  // of the checkpoint that it waits for
    RunControl::Done done;
  };
  std::vector<CheckpointClient> checkpoint_clients_;
  std::unique_ptr<ClientDesk> desk_;  // null: nobody can watch
};

}  // namespace dqnd
