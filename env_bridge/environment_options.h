#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace dqnd {

// What a lost life means in ale:* games that count lives.
enum class LifeLoss {
  kIgnore,    // nothing; an episode is a whole game
  kTerminal,  // the learner's episode ends (terminated), and the game goes on at the next Reset, as
              // Stable-Baselines3's EpisodicLifeEnv
  kReset,     // the episode ends (terminated), and the next Reset starts a new game, as Gymnasium's
              // AtariPreprocessing(terminal_on_life_loss=True)
};

// JSON as text, in one line.
struct JsonText {
  std::string text;
  friend bool operator==(const JsonText&, const JsonText&) = default;
};

// How one environment is made; the `environment` section of a configuration. Members change results
// unless said otherwise. A member that the chosen family does not know must keep its default.
struct EnvironmentOptions {
  // FAMILY:NAME: ale:breakout, minatar:breakout, classic:cartpole; or catch.
  std::string id = "minatar:breakout";

  // All families.
  std::optional<int64_t> max_episode_env_steps = {};  // unset: the environment's own limit, or none

  // ale and minatar. Probability that the last action is played once more instead of the chosen
  // one: per emulator frame in ale, per env_step in minatar. Unset: 0 for ale (NoFrameskip-v4), 0.1
  // for minatar. ALE/*-v5 has 0.25.
  std::optional<double> repeat_action_probability = {};

  // minatar.
  bool difficulty_ramping = true;

  // ale.
  int frame_skip = 4;              // emulator frames per env_step
  int noop_max = 30;               // up to so many no-op frames at a game's start
  bool fire_on_reset = false;      // press FIRE at a game's start where the game has it
  bool full_action_space = false;  // all 18 actions instead of those the game uses
  LifeLoss life_loss = LifeLoss::kIgnore;
  int64_t max_frames_per_episode = 108000;  // emulator frames, then truncated; 30 minutes
  int screen_size = 84;                     // pixels, height and width of the observation
  std::optional<int> frame_stack = {};      // unset: 4 for ale, 1 elsewhere; any family
  std::string rom_directory = {};  // where NAME.bin lies; empty: dqnd's own; changes no result

  // gymnasium and python, which are played by worker processes.
  JsonText arguments = {"{}"};  // what a game is made with, by name: an object
  JsonText wrappers = {"[]"};   // what goes around it, the first innermost: a list

  // The same, and remote; these do not change results.
  std::string worker = "dqnd-env";   // the program
  std::optional<int> workers = {};   // processes; unset: one
  int worker_deadline_seconds = 60;  // for an answer; then the worker is taken for lost
  std::string worker_access = {};    // remote: a folder with token and certificate.pem

  // The same, where a lost life ends nothing: for games that are judged or shown.
  EnvironmentOptions OfWholeGames() const {
    EnvironmentOptions options = *this;
    options.life_loss = LifeLoss::kIgnore;
    return options;
  }
};

}  // namespace dqnd
