#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/thread_team.h"
#include "env_bridge/environment.h"
#include "env_bridge/environment_options.h"
#include "env_bridge/image.h"

namespace dqnd {

// n games stepped together: what the training loop sees, whether they run in this process or
// elsewhere. An episode that ends is begun anew within the same call; its last observation is
// delivered first. Owned and called by one thread at a time.
class VectorEnvironment {
 public:
  virtual ~VectorEnvironment() = default;

  virtual const EnvironmentSpec& spec() const = 0;
  virtual int size() const = 0;

  // Begins an episode in every game, game k seeded with seeds[k]. REQUIRES: seeds.size() == size().
  virtual void Reset(std::span<const uint64_t> seeds) = 0;

  // Plays one env_step in every game, then begins a new episode where one ended. REQUIRES: Reset
  // (or LoadState) came first, and actions.size() == size().
  virtual void Step(std::span<const int> actions) = 0;

  // What the last Step brought, per game.
  virtual std::span<const StepResult> results() const = 0;

  // [size, observation bytes]: the observation that each game's action led to; of a finished
  // episode its last. Meaningless before the first Step.
  virtual std::span<const uint8_t> outcomes() const = 0;

  // [size, observation bytes]: the observation to act on next; where an episode ended, the first of
  // the new one, and elsewhere the same as the outcome.
  virtual std::span<const uint8_t> observations() const = 0;

  // Draws game k as observations() has it; see Environment::Render. REQUIRES: 0 <= k < size(), and
  // Reset or LoadState came first.
  virtual void Render(int k, Image& image) const = 0;

  // As of Environment. Where spec().can_save is not set the games begin new episodes, and their
  // next env_step is lost.
  virtual std::string SaveState() const = 0;
  virtual void LoadState(std::string_view state) = 0;

  // As of Environment.
  virtual std::vector<std::string> TakeRemarks() { return {}; }
  virtual void GiveUp() {}

  // Why the games cannot go on; empty while they can. Every env_step is lost then.
  virtual std::string failure() const { return {}; }
};

// `n_envs` environments: native ones are stepped by `team`, which must outlive them, where that is
// worth it (spec().takes_long), else one after the other in the caller's thread; others by their
// workers side by side. Threads change nothing but the time it takes. Throws what MakeEnvironment
// throws, and std::invalid_argument when n_envs < 1.
std::unique_ptr<VectorEnvironment> MakeVectorEnvironment(const EnvironmentOptions& options,
                                                         int n_envs, ThreadTeam* team = nullptr);

}  // namespace dqnd
