#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "env_bridge/environment.h"
#include "env_bridge/environment_options.h"
#include "env_bridge/image.h"
#include "env_bridge/remote/worker_link.h"

namespace dqnd {

// In environment.id, before the address of a worker that plays one game of its own.
inline constexpr std::string_view kElsewhere = "remote:";

// A group of games that one worker plays, with everything it answers checked: what comes out of
// here has the sizes that the spec says, and finite numbers. Every call throws WorkerLost when the
// worker is lost or answers what it may not, after which the group is over; where the worker says
// that these games cannot be had at all, std::invalid_argument with its reason.
//
// Owned and called by one thread at a time.
class RemoteGames {
 public:
  // Opens n_envs games over the link. `holds_ends`: the next episode of a game begins by Reset, not
  // within the step that ended the last.
  RemoteGames(std::unique_ptr<WorkerLink> link, const EnvironmentOptions& options, int n_envs,
              bool holds_ends);

  const EnvironmentSpec& spec() const { return spec_; }
  int size() const { return n_envs_; }
  // What people should know of these games; empty when there is nothing.
  const std::string& remark() const { return remark_; }

  // Begins an episode in every game; without seeds the generators go on. `observations`: [size,
  // observation bytes].
  void Reset(std::span<const uint64_t> seeds, std::span<uint8_t> observations);

  // One env_step in every game, in two halves, so that groups play side by side.
  void BeginStep(std::span<const int> actions);
  // `outcomes`, `observations`: [size, observation bytes], as VectorEnvironment has them.
  void EndStep(std::span<StepResult> results, std::span<uint8_t> outcomes,
               std::span<uint8_t> observations);

  void Render(int game, Image& image);

  // One state a game. REQUIRES: spec().can_save.
  std::vector<std::string> Save();
  void Load(std::span<const std::string> states, std::span<uint8_t> observations);

 private:
  // Sends request_ and waits for the answer.
  void Ask(v1::PlayGamesResponse::AnswerCase expected);
  void Answer(v1::PlayGamesResponse::AnswerCase expected);
  void CopyObservations(const std::string& from, std::span<uint8_t> to) const;

  const std::unique_ptr<WorkerLink> link_;
  const std::chrono::seconds deadline_;
  const int n_envs_;
  const bool holds_ends_;
  EnvironmentSpec spec_;
  std::string remark_;
  v1::PlayGamesRequest request_;
  v1::PlayGamesResponse response_;
};

}  // namespace dqnd
