#pragma once

#include <filesystem>
#include <memory>
#include <stop_token>

#include <spdlog/logger.h>

#include "base/file_system.h"
#include "trainer/bridge.h"
#include "trainer/checkpoint/checkpoint_store.h"
#include "trainer/checkpoint/checkpoint_writer.h"
#include "trainer/checkpointing.h"
#include "trainer/config/config.h"
#include "trainer/dqn.h"
#include "trainer/metrics/metrics.h"
#include "trainer/training_loop.h"

namespace dqnd {

struct SessionOptions {
  Config config;                    // train.threads resolved, and set in LibTorch
  std::filesystem::path run;        // the run directory, which this process has locked
  ConsoleTable* console = nullptr;  // not owned; null: nothing on the console
  RunFeed* feed = nullptr;          // not owned; null: nobody reads rows as they are written
};

// One process's part of a run: goes on from the newest checkpoint that can be restored, or begins
// anew where there is none, and trains. Owned and called by one thread.
class Session {
 public:
  // Makes the agent, restores it, and takes the metric files back to where it stands; says in `log`
  // what it goes on from, what it passed over, and what makes it uncertain that the bits stay the
  // same. Throws DamagedCheckpoint when there are checkpoints and none can be restored,
  // NewerCheckpoint, and what Dqn and Metrics throw. `files` and `log` must outlive this object.
  Session(const SessionOptions& options, FileSystem& files, spdlog::logger& log);

  // Lets others see the run and obeys them from now on. Before Run; `bridge` must outlive this
  // object.
  void Connect(Bridge& bridge);

  // What TrainingLoop::Run says.
  TrainingLoop::Ending Run(const std::stop_token& stop) { return loop_->Run(stop); }

  // Waits for the checkpoint that is being written, if one is.
  void WaitForWriter() { writer_->Wait(); }

  const Dqn& dqn() const { return dqn_; }
  const LoopState& state() const { return state_; }
  const Metrics& metrics() const { return *metrics_; }
  double elapsed_seconds() const { return loop_->elapsed_seconds(); }

 private:
  void LearnFromTeacher(const std::string& teacher);
  void Restore();
  void Resume(const StoredCheckpoint& checkpoint);
  void BeginAnew();

  const SessionOptions options_;
  FileSystem& files_;
  spdlog::logger& log_;
  CheckpointStore store_;
  Dqn dqn_;
  LoopState state_;
  Manifest history_;
  std::unique_ptr<Metrics> metrics_;
  std::unique_ptr<CheckpointWriter> writer_;
  std::unique_ptr<TrainingLoop> loop_;
};

// Whether the run there reached its total_env_steps in an earlier process, so that there is nothing
// left to train.
bool IsComplete(FileSystem& files, const std::filesystem::path& run, const Config& config);

}  // namespace dqnd
