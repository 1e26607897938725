#include "env_bridge/remote/remote_vector_environment.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <stdexcept>
#include <utility>

#include "base/bytes.h"

namespace dqnd {
namespace {

constexpr const char* kStream = "new_worker";  // of a game's seeds in new workers

}  // namespace

RemoteVectorEnvironment::RemoteVectorEnvironment(Connect connect, const EnvironmentOptions& options,
                                                 int n_envs, bool holds_ends)
    : connect_(std::move(connect)), options_(options), holds_ends_(holds_ends) {
  const int num_groups = std::clamp(options.workers.value_or(1), 1, n_envs);
  for (int i = 0; i < num_groups; ++i) {
    const int first = n_envs * i / num_groups, next = n_envs * (i + 1) / num_groups;
    Group& group = groups_.emplace_back();
    group.first = first;
    group.size = next - first;
    try {
      Open(group);
    } catch (const WorkerLost& lost) {
      throw std::runtime_error(
          fmt::format("{} cannot be played: its worker is lost: {}", options.id, lost.what()));
    }
    if (i == 0) spec_ = group.games->spec();
  }
  observation_bytes_ = spec_.observation.bytes();
  if (const std::string& remark = groups_.front().games->remark(); !remark.empty()) {
    remarks_.push_back(fmt::format("{}: {}", options.id, remark));
  }
  results_.resize(n_envs);
  outcomes_.resize(n_envs * observation_bytes_);
  observations_.resize(n_envs * observation_bytes_);
}

void RemoteVectorEnvironment::Open(Group& group) const {
  group.games = nullptr;  // the old worker ends before the new one begins
  group.games = std::make_unique<RemoteGames>(connect_(give_up_.get_token()), options_, group.size,
                                              holds_ends_);
  const EnvironmentSpec& spec = group.games->spec();
  if (!spec_.id.empty() &&
      (spec.observation != spec_.observation || spec.num_actions() != spec_.num_actions())) {
    throw WorkerLost("its game is not that of the others");
  }
}

// False when the worker is lost, or was before.
template <typename Call>
bool RemoteVectorEnvironment::Try(Group& group, const Call& call) const {
  if (group.games == nullptr) return false;
  try {
    call(*group.games);
    return true;
  } catch (const WorkerLost& lost) {
    group.how_lost = lost.what();
    group.games = nullptr;
    return false;
  }
}

void RemoteVectorEnvironment::Reset(std::span<const uint64_t> seeds) {
  assert(seeds.empty() || seeds.size() == results_.size());
  if (!seeds.empty()) {
    first_seeds_.assign(seeds.begin(), seeds.end());
    seeds_.clear();
    for (const uint64_t seed : seeds) seeds_.emplace_back(seed, kStream);
  }
  for (Group& group : groups_) {
    const auto theirs = seeds.empty() ? seeds : seeds.subspan(group.first, group.size);
    group.is_new = false;
    if (!Try(group, [&](RemoteGames& games) { games.Reset(theirs, Rows(observations_, group)); })) {
      Replace(group);
    }
  }
}

void RemoteVectorEnvironment::Step(std::span<const int> actions) {
  assert(actions.size() == results_.size());
  for (Group& group : groups_) {
    if (group.is_new) continue;
    Try(group,
        [&](RemoteGames& games) { games.BeginStep(actions.subspan(group.first, group.size)); });
  }
  for (Group& group : groups_) {
    const auto results = std::span(results_).subspan(group.first, group.size);
    const bool played = !group.is_new && Try(group, [&](RemoteGames& games) {
      games.EndStep(results, Rows(outcomes_, group), Rows(observations_, group));
    });
    if (played) {
      ++group.steps_since;
      continue;
    }
    if (!group.is_new) Replace(group);
    std::ranges::fill(results, StepResult{.truncated = true, .game_over = true, .lost = true});
    std::ranges::copy(Rows(observations_, group), Rows(outcomes_, group).begin());
    group.is_new = false;
  }
}

// A new worker for the group's, as often as it may be lost, and new episodes.
void RemoteVectorEnvironment::Replace(Group& group) {
  while (failure_.empty() && !give_up_.stop_requested()) {
    if (std::exchange(group.steps_since, 0) >= kSteady) group.losses = 0;
    if (++group.losses >= kMostLosses) {
      failure_ = fmt::format("the worker of {} was lost {} times in a row: {}", spec_.id,
                             group.losses, group.how_lost);
      return;
    }
    remarks_.push_back(
        fmt::format("a worker of {} is lost: {}; a new one goes on, with new episodes", spec_.id,
                    group.how_lost));
    try {
      Open(group);
      if (Try(group, [&](RemoteGames& games) { BeginEpisodes(group, games); })) return;
    } catch (const WorkerLost& lost) {
      group.how_lost = lost.what();
    } catch (const std::exception& error) {  // no program any more, or no such game
      failure_ = error.what();
    }
  }
}

void RemoteVectorEnvironment::BeginEpisodes(Group& group, RemoteGames& games) {
  std::vector<uint64_t> seeds;
  for (int k = group.first; k < group.first + group.size; ++k) {
    seeds.push_back(seeds_[k].NextSeed());
  }
  games.Reset(seeds, Rows(observations_, group));
  group.is_new = true;
}

void RemoteVectorEnvironment::Render(int k, Image& image) const {
  const auto group =
      std::ranges::find_if(groups_, [k](const Group& each) { return k < each.first + each.size; });
  if (Try(*group, [&](RemoteGames& games) { games.Render(k - group->first, image); })) return;
  image.width = spec_.native_width;
  image.height = spec_.native_height;
  image.palette.clear();
  image.pixels.assign(size_t{3} * image.width * image.height, 0);
}

std::string RemoteVectorEnvironment::SaveState() const {
  ByteWriter writer;
  writer.Array(std::span(first_seeds_));
  for (const RandomStream& stream : seeds_) stream.SaveState(writer);
  for (Group& group : groups_) {
    std::vector<std::string> states(group.size);
    const bool saved = spec_.can_save && !group.is_new &&
                       Try(group, [&](RemoteGames& games) { states = games.Save(); });
    for (const std::string& state : states) {
      writer.Bool(saved);
      writer.String(state);
    }
  }
  return writer.Take();
}

void RemoteVectorEnvironment::LoadState(std::string_view state) {
  ByteReader reader(state);
  first_seeds_.resize(size());
  reader.Array(std::span(first_seeds_));
  seeds_.clear();
  for (const uint64_t seed : first_seeds_) seeds_.emplace_back(seed, kStream).LoadState(reader);
  for (Group& group : groups_) {
    std::vector<std::string> states(group.size);
    bool saved = true;
    for (std::string& each : states) {
      saved &= reader.Bool();
      each = reader.String();
    }
    group.is_new = false;
    const bool loaded = Try(group, [&](RemoteGames& games) {
      if (saved) {
        games.Load(states, Rows(observations_, group));
      } else {
        BeginEpisodes(group, games);
      }
    });
    if (!loaded) Replace(group);
  }
  if (reader.remaining() != 0) throw std::runtime_error("the saved games have bytes too many");
}

std::vector<std::string> RemoteVectorEnvironment::TakeRemarks() {
  return std::exchange(remarks_, {});
}

std::span<uint8_t> RemoteVectorEnvironment::Rows(std::vector<uint8_t>& rows,
                                                 const Group& group) const {
  return std::span(rows).subspan(group.first * observation_bytes_, group.size * observation_bytes_);
}

}  // namespace dqnd
