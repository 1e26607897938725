#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/random_stream.h"
#include "env_bridge/remote/remote_games.h"
#include "env_bridge/vector_environment.h"

namespace dqnd {

// Games of worker processes, in groups that play side by side. A worker that is lost is replaced;
// its games' env_step is lost (StepResult::lost), and new episodes begin from seeds of the games'
// own streams. One that is lost again and again ends it all: failure() says why, and every env_step
// is lost from then on.
//
// Games that cannot be saved go on with new episodes after LoadState: their next env_step is lost.
class RemoteVectorEnvironment final : public VectorEnvironment {
 public:
  // Makes the link to a new worker, whose waits end soon when `give_up` is requested.
  using Connect = std::function<std::unique_ptr<WorkerLink>(const std::stop_token& give_up)>;

  // A worker that is lost so often, with fewer than kSteady env_steps between, is given up.
  static constexpr int kMostLosses = 3;
  static constexpr int64_t kSteady = 100;

  // Opens n_envs games in options.workers groups, at most one a game. `holds_ends`: an episode that
  // ended stays as it is until Reset. Throws std::invalid_argument when these games cannot be had,
  // and std::runtime_error when no worker comes up.
  RemoteVectorEnvironment(Connect connect, const EnvironmentOptions& options, int n_envs,
                          bool holds_ends = false);

  const EnvironmentSpec& spec() const override { return spec_; }
  int size() const override { return static_cast<int>(results_.size()); }
  // Without seeds the generators of the games go on.
  void Reset(std::span<const uint64_t> seeds) override;
  void Step(std::span<const int> actions) override;
  std::span<const StepResult> results() const override { return results_; }
  std::span<const uint8_t> outcomes() const override { return outcomes_; }
  std::span<const uint8_t> observations() const override { return observations_; }
  void Render(int k, Image& image) const override;
  std::string SaveState() const override;
  void LoadState(std::string_view state) override;
  std::vector<std::string> TakeRemarks() override;
  std::string failure() const override { return failure_; }
  void GiveUp() override { give_up_.request_stop(); }

 private:
  struct Group {
    int first = 0;  // game
    int size = 0;
    std::unique_ptr<RemoteGames> games;  // null: lost, and how_lost says how
    std::string how_lost;
    bool is_new = false;  // its episodes have begun behind the agent's back
    int losses = 0;
    int64_t steps_since = 0;  // the last loss
  };

  void Open(Group& group) const;
  void BeginEpisodes(Group& group, RemoteGames& games);
  void Replace(Group& group);
  template <typename Call>
  bool Try(Group& group, const Call& call) const;
  std::span<uint8_t> Rows(std::vector<uint8_t>& rows, const Group& group) const;

  const Connect connect_;
  const EnvironmentOptions options_;
  const bool holds_ends_;
  std::stop_source give_up_;
  EnvironmentSpec spec_;
  size_t observation_bytes_ = 0;
  // Render and SaveState ask the workers, which changes nothing in the games but may lose one.
  mutable std::vector<Group> groups_;
  std::vector<RandomStream> seeds_;  // of a game's episodes in new workers
  std::vector<uint64_t> first_seeds_;
  std::vector<StepResult> results_;
  std::vector<uint8_t> outcomes_;      // [size, observation bytes]
  std::vector<uint8_t> observations_;  // [size, observation bytes]
  std::vector<std::string> remarks_;
  std::string failure_;
};

}  // namespace dqnd
