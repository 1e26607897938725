#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/random_stream.h"
#include "base/thread_team.h"
#include "env_bridge/frame_stack.h"
#include "env_bridge/vector_environment.h"
#include "env_bridge/watch/watch_hub.h"
#include "replay/replay_memory.h"
#include "trainer/checkpoint/state_sections.h"
#include "trainer/config/config.h"
#include "trainer/learner/learner.h"
#include "trainer/learner/teacher.h"
#include "trainer/metrics/episode_statistics.h"

namespace dqnd {

// The replay memory that a configuration describes. Its max_bytes is always set, to UsualBytes
// where the configuration has none, so that a run never takes more than its plan said.
ReplayOptions ReplayOptionsOf(const Config& config, const ObservationSpec& observation);

// Deep Q-learning with experience replay: the agent, its environments and its memory, advanced one
// cycle at a time. Between cycles it is quiescent: whatever reads or saves it does so there. The
// same configuration gives the same bits. Owned and called by one thread.
class Dqn {
 public:
  // Makes everything that `config` describes and resets the environments. Throws
  // std::invalid_argument when the configuration does not fit the environment.
  explicit Dqn(const Config& config);

  // Acts once in each parallel environment, stores what happened, and makes the updates that are
  // due: n_envs / train_freq * gradient_steps, fractions carried over. Throws NonFiniteError.
  void Cycle();

  int64_t env_steps() const { return env_steps_; }  // over all environments together
  int64_t updates() const { return learner_->updates(); }
  double epsilon() const;        // of the next cycle
  double learning_rate() const;  // of an update at this env_step

  // Shows every cycle there from now on; it must outlive this object. Changes nothing else.
  void ShowTo(WatchHub& hub) { hub_ = &hub; }

  // Averages over the updates since the last Take; all 0 when there were none.
  struct UpdateAverages {
    int64_t updates = 0;
    double loss = 0, mean_q = 0, grad_norm = 0;
  };
  UpdateAverages update_averages() const;
  UpdateAverages TakeUpdateAverages();

  const EnvironmentSpec& environment() const { return environments_->spec(); }
  VectorEnvironment& environments() { return *environments_; }
  const EpisodeStatistics& episodes() const { return episodes_; }
  const ReplayMemory& replay() const { return replay_; }
  ReplayMemory& replay() { return replay_; }
  const Learner& learner() const { return *learner_; }
  Policy& policy() { return learner_->policy(); }

  // Learns from a network that is trained already, before the first cycle; it plays, too, where
  // train.teacher_acts says so.
  void LearnFrom(std::unique_ptr<Teacher> teacher);

  // Takes the initial weights of both networks from a safetensors file, before the first cycle.
  // Throws std::runtime_error beginning with `source` when it holds another network.
  void InitializeFrom(std::string_view safetensors, const std::string& source) {
    learner_->InitializeFrom(safetensors, source);
  }

  // Everything that influences the future but what learner() and replay() hold: counters, random
  // streams, environments, running episodes. A Dqn of an equal configuration that loads all three
  // goes on to the same bits (trainer/checkpointing.h).
  void SaveState(StateSections& state) const;
  void LoadState(const StateSections& state);

 private:
  Policy& player() { return config_.train.teacher_acts ? teacher_->policy() : policy(); }
  void Act();
  double acting_epsilon() const;  // before learning starts every action is random
  void Show() const;
  void Store();
  void Begin(int lane);
  void Learn();

  // Constant after construction.
  const Config config_;
  // Streams before what draws from them when it is made.
  RandomStream init_stream_;
  RandomStream sample_stream_;
  std::vector<RandomStream> explore_streams_;  // one a parallel environment
  ThreadTeam team_;                            // games and updates take turns with it
  std::unique_ptr<VectorEnvironment> environments_;
  FrameStack states_;    // phi: what each parallel environment's next action is chosen from
  ReplayMemory replay_;  // D
  std::unique_ptr<Teacher> teacher_;
  std::unique_ptr<Learner> learner_;
  EpisodeStatistics episodes_;

  std::vector<int> actions_;
  std::vector<uint8_t> exploratory_;  // 1 where actions_ was drawn at random
  std::span<const float> q_values_;   // [lanes, actions] that the actions were chosen by; or empty
  WatchHub* hub_ = nullptr;
  Batch batch_;
  int64_t env_steps_ = 0;
  int64_t updates_owed_ = 0;  // in units of 1 / train_freq
  UpdateAverages sums_;
};

}  // namespace dqnd
