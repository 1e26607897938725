#include "trainer/metrics/episode_statistics.h"

#include <limits>
#include <stdexcept>
#include <string>
#include <utility>

namespace dqnd {
namespace {

double MeanOrNan(double sum, size_t count) {
  return count == 0 ? std::numeric_limits<double>::quiet_NaN() : sum / static_cast<double>(count);
}

}  // namespace

EpisodeStatistics::EpisodeStatistics(int lanes, int window_episodes)
    : window_episodes_(static_cast<uint64_t>(window_episodes)) {
  if (lanes < 1 || window_episodes < 1) {
    throw std::invalid_argument("episode statistics need at least 1 lane and a window of 1, not " +
                                std::to_string(lanes) + " and " + std::to_string(window_episodes));
  }
  running_.resize(static_cast<size_t>(lanes));
  finished_.reserve(window_episodes_);
}

void EpisodeStatistics::Step(int lane, double reward, bool game_over) {
  RunningEpisode& episode = running_.at(static_cast<size_t>(lane));
  episode.total_reward += reward;
  ++episode.length_env_steps;
  if (!game_over) return;
  if (finished_.size() == window_episodes_) finished_.erase(finished_.begin());
  finished_.push_back(std::exchange(episode, RunningEpisode()));
  ++episodes_;
}

// Summed anew each time, so that a loaded state gives the same bits as one that ran through.
double EpisodeStatistics::mean_return() const {
  double sum = 0;
  for (const RunningEpisode& episode : finished_) sum += episode.total_reward;
  return MeanOrNan(sum, finished_.size());
}

double EpisodeStatistics::mean_length() const {
  double sum = 0;
  for (const RunningEpisode& episode : finished_)
    sum += static_cast<double>(episode.length_env_steps);
  return MeanOrNan(sum, finished_.size());
}

void EpisodeStatistics::SaveState(ByteWriter& writer) const {
  writer.U64(running_.size());
  writer.U64(window_episodes_);
  writer.I64(episodes_);
  for (const RunningEpisode& episode : running_) Save(writer, episode);
  writer.U64(finished_.size());
  for (const RunningEpisode& episode : finished_) Save(writer, episode);
}

void EpisodeStatistics::LoadState(ByteReader& reader) {
  const uint64_t lanes = reader.U64();
  const uint64_t window_episodes = reader.U64();
  if (lanes != running_.size() || window_episodes != window_episodes_) {
    throw std::runtime_error("saved episode statistics are of " + std::to_string(lanes) +
                             " lanes and a window of " + std::to_string(window_episodes) +
                             " episodes, expected " + std::to_string(running_.size()) + " and " +
                             std::to_string(window_episodes_));
  }
  const int64_t episodes = reader.I64();
  std::vector<RunningEpisode> running;
  running.reserve(lanes);
  for (uint64_t i = 0; i < lanes; ++i) running.push_back(Load(reader));
  const uint64_t finished_count = reader.U64();
  if (finished_count > window_episodes_) {
    throw std::runtime_error("saved episode statistics hold " + std::to_string(finished_count) +
                             " episodes, more than their window of " +
                             std::to_string(window_episodes_));
  }
  std::vector<RunningEpisode> finished;
  finished.reserve(window_episodes_);
  for (uint64_t i = 0; i < finished_count; ++i) finished.push_back(Load(reader));
  running_ = std::move(running);
  finished_ = std::move(finished);
  episodes_ = episodes;
}

void EpisodeStatistics::Save(ByteWriter& writer, const RunningEpisode& episode) {
  writer.F64(episode.total_reward);
  writer.I64(episode.length_env_steps);
}

RunningEpisode EpisodeStatistics::Load(ByteReader& reader) {
  RunningEpisode episode;
  episode.total_reward = reader.F64();
  episode.length_env_steps = reader.I64();
  return episode;
}

}  // namespace dqnd
