#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/random_stream.h"
#include "env_bridge/ale/ale_emulator.h"
#include "env_bridge/ale/atari_preprocessing.h"
#include "env_bridge/environment.h"
#include "env_bridge/environment_options.h"

namespace dqnd {

// An Atari game as agents play it. Under the same executed actions and no-op counts, observations,
// rewards and ends equal those of Gymnasium 1.4's AtariPreprocessing over ale-py 0.12.1; with
// life_loss: terminal, those of Stable-Baselines3's EpisodicLifeEnv over it, and with
// fire_on_reset, of its FireResetEnv over that. Observations are [screen_size, screen_size, 1]
// uint8.
//
// A game's start: NOOP for a number of frames drawn uniformly from 1 to noop_max (none when
// noop_max is 0); a game that ends meanwhile is begun anew and gets the rest of them.
//
// Sticky actions: before each emulator frame of an env_step, the action executed in the frame
// before is repeated with repeat_action_probability, NOOP at a game's start. These draws and the
// no-op counts come from the stream "ale" of the seed given to Reset.
//
// life_loss: terminal. An env_step that loses a life ends the learner's episode (terminated) while
// the game goes on (game_over is false); the next Reset plays one env_step of NOOP in the same
// game. Only after the game's own end, by game over or by a limit, does Reset start a new game.
//
// fire_on_reset, in games that have FIRE and at least 3 actions: each Reset, that after a lost life
// included, plays one env_step of FIRE and one of the action after it (UP or RIGHT in most games;
// some begin only then). An episode that ends by one of them is begun anew and goes on with the
// next press. Their rewards are dropped. One difference: when the second press ended the episode,
// FireResetEnv returns the ended episode's last picture, and we the new one's first.
//
// Limits: max_frames_per_episode counts the emulator frames of a game, no-ops and presses included,
// and max_episode_env_steps the env_steps of a game that Step played. Both set truncated. As in
// Gymnasium, terminated is set as well when the same env_step ends the game.
class AleEnvironment : public Environment {
 public:
  // Throws std::invalid_argument when there is no such game, when an option is out of its range, or
  // when the ROM is missing, unreadable or another version.
  AleEnvironment(std::string_view game, const EnvironmentOptions& options);

  const EnvironmentSpec& spec() const override { return spec_; }
  void Reset(std::optional<uint64_t> seed) override;
  StepResult Step(int action) override;
  void Observe(std::span<uint8_t> out) const override;
  void Render(Image& image) const override;
  void SetFrameObserver(const std::function<void()>& observer) override;

  // {"actions": [...], "lives": n}: the emulator actions of the last Step, one a frame. After a
  // Reset also {"noops": [...]}, the no-op count of each game that it began (none when the game
  // went on); actions are then those after the no-ops.
  std::string TraceDetails() const override;

  std::string SaveState() const override;
  void LoadState(std::string_view state) override;

 private:
  void BeginGame(bool reload);
  void BeginEpisode(bool reload);
  void PressFire(bool reload);
  StepResult PlayEnvStep(int action, const std::function<void()>& observer = {});
  int Stick(int action);

  const EnvironmentOptions options_;
  AleEmulator emulator_;
  AtariPreprocessing preprocessing_;
  std::vector<int> actions_;  // ALE's number of each of the agent's actions
  bool presses_fire_ = false;
  EnvironmentSpec spec_;

  uint64_t seed_ = 0;
  RandomStream stream_;
  int last_action_ = 0;     // executed in the newest frame
  int lives_ = 0;           // after the newest env_step
  bool game_ended_ = true;  // the next Reset starts a new game
  int64_t env_steps_ = 0;   // of this game, by Step

  std::function<void()> frame_observer_;

  // For TraceDetails.
  std::vector<int> executed_actions_;
  std::vector<int> noop_counts_;
  bool was_reset_ = false;
};

}  // namespace dqnd
