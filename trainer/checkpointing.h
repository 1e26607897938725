#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "trainer/checkpoint/checkpoint_store.h"
#include "trainer/dqn.h"

namespace dqnd {

// What the training loop itself remembers, beside the agent.
struct LoopState {
  struct BestEvaluation {
    int64_t env_steps = 0;
    double mean_return = 0;
  };

  int64_t evaluations = 0;
  bool evaluation_due = false;  // one was interrupted, or the run stopped before it
  std::optional<BestEvaluation> best;

  void SaveState(StateSections& state) const;
  void LoadState(const StateSections& state);
};

// Copies all that the run's future depends on, between two cycles; sealed segments are shared, not
// copied. Fills of the manifest what the run knows: env_steps and updates.
CheckpointContent TakeCheckpoint(const Dqn& dqn, const LoopState& loop);

// Loads a checkpoint of an equal configuration, so that the run goes on to the same bits. Throws
// DamagedCheckpoint or std::runtime_error naming the file that cannot be loaded; `dqn` and `loop`
// may then be half loaded and are good for nothing but another try.
void RestoreCheckpoint(const StoredCheckpoint& checkpoint, Dqn& dqn, LoopState& loop);

// The replay memory alone, which needs no environment.
ReplayMemory RestoreReplay(const StoredCheckpoint& checkpoint);

// XXH3-64 over every transition that can be sampled, oldest first: action (i32), reward (f32),
// terminated (u8), state and next state. How they lie in segments and files does not matter.
uint64_t DigestOf(const ReplayMemory& replay);

}  // namespace dqnd
