#pragma once

#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "base/random_stream.h"
#include "base/thread_team.h"
#include "env_bridge/environment.h"
#include "env_bridge/policy.h"
#include "replay/replay_memory.h"
#include "trainer/config/config.h"
#include "trainer/network/parameters.h"

namespace dqnd {

class Teacher;

// What one update saw.
struct UpdateResult {
  double loss = 0;       // mean over the batch
  double mean_q = 0;     // mean Q(s_j, a_j; theta) over the batch
  double grad_norm = 0;  // Euclidean, before clipping
};

// An update met a number that is not finite. The learner is of no use from then on, its last
// checkpoint is.
class NonFiniteError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The learning half of DQN: the action-value network Q with weights theta, the target network Q^
// with weights theta^-, and the optimizer. Owned and called by one thread.
class Learner {
 public:
  virtual ~Learner() = default;

  // From now on what counts is not the reward: `teacher`'s values of the sampled states take the
  // place of targets (train.teacher_loss). It must outlive this object.
  virtual void LearnFrom(Teacher& teacher) = 0;

  // Room for so many frames of the replay memory beside what an update is computed with: from then
  // on batches may come as frame numbers. Throws std::invalid_argument where none is wanted.
  virtual FrameCopy& KeepFrames(int64_t capacity) = 0;

  // One gradient step on a batch. Throws NonFiniteError naming the update when the loss, the
  // gradient or a parameter is not finite.
  virtual UpdateResult Update(const Batch& batch) = 0;

  // Of the updates to come, in place of optimizer.learning_rate.
  virtual void SetLearningRate(double rate) = 0;

  // theta^- = tau theta + (1 - tau) theta^-.
  virtual void SyncTarget() = 0;

  // Acts with the online network as it is at each call.
  virtual Policy& policy() = 0;

  // Takes the weights of both networks from a safetensors file. Throws std::runtime_error beginning
  // with `source` when it holds another network.
  virtual void InitializeFrom(std::string_view safetensors, const std::string& source) = 0;

  virtual int64_t updates() const = 0;

  // theta as it is now, in this process's memory; it holds until the next update.
  virtual const Parameters& parameters() const = 0;

  // What the future depends on, beside the number of updates: "network" (theta), "target" (theta^-)
  // and "optimizer" (moments), as they are now. Filling the tensors, and then SetUpdates, loads it.
  virtual std::map<std::string, std::vector<NamedTensor>> Tensors() const = 0;
  virtual void SetUpdates(int64_t updates) = 0;
};

// On the device that train.device names, or divided among `team`, which must outlive the learner.
// Draws the initial weights from `init`; both networks start equal. Throws std::invalid_argument
// when the network does not fit the environment, or this machine does not have what the
// configuration asks for.
std::unique_ptr<Learner> MakeLearner(const Config& config, const EnvironmentSpec& environment,
                                     RandomStream& init, ThreadTeam& team);

}  // namespace dqnd
