#include "env_bridge/make_environment.h"

#include <algorithm>
#include <cctype>
#include <concepts>
#include <stdexcept>
#include <string_view>

#include <fmt/format.h>

#include "base/nearest_name.h"
#include "env_bridge/catch.h"
#include "env_bridge/classic/make_classic.h"
#include "env_bridge/minatar/make_minatar.h"
#include "env_bridge/remote/remote_environment.h"
#ifdef DQND_WITH_ALE
#include "env_bridge/ale/make_ale.h"
#endif

namespace dqnd {
namespace {

// "ale:breakout" is the game "breakout" of the family "ale"; "catch" is a family of one game.
struct FamilyAndGame {
  std::string_view family;
  std::string_view game;
};

FamilyAndGame Split(std::string_view id) {
  const size_t colon = id.find(':');
  if (colon == std::string_view::npos) return {.family = id, .game = {}};
  return {.family = id.substr(0, colon), .game = id.substr(colon + 1)};
}

// The id that a person who wrote `id` most likely meant; empty when nothing is near. People write
// the game alone, too, and Gymnasium's names: "CartPole-v1".
std::string NearestId(std::string_view id) {
  std::string lower(id);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  const std::vector<std::string> ids = EnvironmentIds();
  if (std::string nearest = NearestName(lower, ids); !nearest.empty()) return nearest;

  std::vector<std::string> games;
  games.reserve(ids.size());
  for (const std::string& known : ids) games.emplace_back(Split(known).game);
  const std::string nearest = NearestName(lower, games);
  if (nearest.empty()) return {};
  return ids[std::ranges::find(games, nearest) - games.begin()];
}

void CheckId(const EnvironmentOptions& options) {
  const auto [family, game] = Split(options.id);
#ifdef DQND_WITH_ALE
  // What lies in a ROM directory of the user's is for MakeAle to find out.
  if (family == "ale" && !options.rom_directory.empty()) return;
#else
  if (family == "ale") {
    throw std::invalid_argument(fmt::format(
        "environment.id is \"{}\", but this build of dqnd is one without the Arcade Learning "
        "Environment; build it with -DDQND_WITH_ALE=ON, or choose another environment (`dqnd envs` "
        "lists them)",
        options.id));
  }
#endif
  if (IsRemote(options.id) || std::ranges::count(EnvironmentIds(), options.id) > 0) return;
  const std::string nearest = NearestId(options.id);
  throw std::invalid_argument(fmt::format(
      "environment.id is \"{}\", and there is no such environment;{} `dqnd envs` lists "
      "all that there are",
      options.id, nearest.empty() ? "" : fmt::format(" did you mean \"{}\"?", nearest)));
}

// Refuses a value that its family would silently ignore.
void CheckThatOptionsApply(const EnvironmentOptions& options) {
  const std::string_view family = Split(options.id).family;
  const bool is_ale = family == "ale", is_minatar = family == "minatar";
  const EnvironmentOptions defaults;
  const auto check = [](const char* key, bool is_default, bool applies, const char* families) {
    if (is_default || applies) return;
    throw std::invalid_argument(
        fmt::format("environment.{} applies to {} only; remove it", key, families));
  };
  const auto check_ale = [&](const char* key, const auto& value, const auto& default_value) {
    check(key, value == default_value, is_ale, "ale:*");
  };
  check("repeat_action_probability", !options.repeat_action_probability, is_ale || is_minatar,
        "ale:* and minatar:*");
  check("difficulty_ramping", options.difficulty_ramping == defaults.difficulty_ramping, is_minatar,
        "minatar:*");
  check_ale("frame_skip", options.frame_skip, defaults.frame_skip);
  check_ale("noop_max", options.noop_max, defaults.noop_max);
  check_ale("fire_on_reset", options.fire_on_reset, defaults.fire_on_reset);
  check_ale("full_action_space", options.full_action_space, defaults.full_action_space);
  check_ale("life_loss", options.life_loss, defaults.life_loss);
  check_ale("max_frames_per_episode", options.max_frames_per_episode,
            defaults.max_frames_per_episode);
  check_ale("screen_size", options.screen_size, defaults.screen_size);
  check_ale("rom_directory", options.rom_directory, defaults.rom_directory);
  const bool is_python = family == "gymnasium" || family == "python";
  check("arguments", options.arguments == defaults.arguments, is_python,
        "gymnasium:* and python:*");
  check("wrappers", options.wrappers == defaults.wrappers, is_python, "gymnasium:* and python:*");
}

void CheckAtLeast(const char* key, std::integral auto value, int smallest) {
  if (value >= smallest) return;
  throw std::invalid_argument(
      fmt::format("environment.{} is {}; it must be at least {}", key, value, smallest));
}

template <typename T>
void CheckWithin(const char* key, T value, T smallest, T largest) {
  if (value >= smallest && value <= largest) return;
  throw std::invalid_argument(fmt::format("environment.{} is {}; it must lie between {} and {}",
                                          key, value, smallest, largest));
}

void CheckRanges(const EnvironmentOptions& options) {
  if (options.max_episode_env_steps) {
    CheckAtLeast("max_episode_env_steps", *options.max_episode_env_steps, 1);
  }
  if (options.repeat_action_probability) {
    CheckWithin("repeat_action_probability", *options.repeat_action_probability, 0.0, 1.0);
  }
  if (options.frame_stack) CheckWithin("frame_stack", *options.frame_stack, 1, 16);
  CheckAtLeast("frame_skip", options.frame_skip, 1);
  CheckAtLeast("noop_max", options.noop_max, 0);
  CheckAtLeast("max_frames_per_episode", options.max_frames_per_episode, 1);
  CheckWithin("screen_size", options.screen_size, 16, 512);
}

void AppendIds(std::vector<std::string>& ids, const char* family,
               const std::vector<std::string>& games) {
  for (const std::string& game : games) ids.push_back(fmt::format("{}:{}", family, game));
}

}  // namespace

void CheckOptions(const EnvironmentOptions& options) {
  CheckId(options);
  CheckThatOptionsApply(options);
  CheckRanges(options);
}

std::unique_ptr<Environment> MakeEnvironment(const EnvironmentOptions& options) {
  CheckOptions(options);
  if (IsRemote(options.id)) return MakeRemoteEnvironment(options);
  const auto [family, game] = Split(options.id);
#ifdef DQND_WITH_ALE
  if (family == "ale") return MakeAle(game, options);
#endif
  if (family == "minatar") return MakeMinatar(game, options);
  if (family == "classic") return MakeClassic(game, options);
  return MakeCatch(options);
}

EnvironmentSpec SpecOf(const EnvironmentOptions& options) {
  CheckOptions(options);
  return IsRemote(options.id) ? SpecOfRemote(options) : MakeEnvironment(options)->spec();
}

std::vector<std::string> EnvironmentIds() {
  std::vector<std::string> ids = {"catch"};
#ifdef DQND_WITH_ALE
  AppendIds(ids, "ale", AleGames());
#endif
  AppendIds(ids, "minatar", MinatarGames());
  AppendIds(ids, "classic", ClassicGames());
  std::ranges::sort(ids);
  return ids;
}

}  // namespace dqnd
