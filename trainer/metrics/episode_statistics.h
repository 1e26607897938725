#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "env_bridge/running_episode.h"

namespace dqnd {

// Return and length of the last episodes over all parallel environments ("lanes"), as
// Stable-Baselines3 counts them: means over a window of the 100 that ended last. Rewards are the
// game's own, not clipped. Owned by one thread.
class EpisodeStatistics {
 public:
  explicit EpisodeStatistics(int lanes, int window_episodes = 100);

  // One env_step of a lane; `game_over` when the game ended with it, by termination or truncation.
  void Step(int lane, double reward, bool game_over);

  // The lane's episode was cut off by what is not the game's: it does not count.
  void Abandon(int lane) { running_.at(static_cast<size_t>(lane)) = {}; }

  // Means over the window, per episode: undiscounted return, length in env_steps. NaN before the
  // first episode ended.
  double mean_return() const;
  double mean_length() const;

  // One a lane.
  std::span<const RunningEpisode> running() const { return running_; }

  // Episodes that ended so far, those that left the window included.
  int64_t episodes() const { return episodes_; }

  void SaveState(ByteWriter& writer) const;

  // Throws std::runtime_error when the bytes end early or were saved with another number of lanes
  // or another window; the statistics are then unchanged.
  void LoadState(ByteReader& reader);

 private:
  static void Save(ByteWriter& writer, const RunningEpisode& episode);
  static RunningEpisode Load(ByteReader& reader);

  const uint64_t window_episodes_;
  std::vector<RunningEpisode> running_;   // one a lane
  std::vector<RunningEpisode> finished_;  // the window, oldest first; as large from the start
  int64_t episodes_ = 0;
};

}  // namespace dqnd
