#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "env_bridge/image.h"

namespace dqnd {

enum class ElementType { kUint8, kFloat32 };

// One observation as an environment delivers it: row-major [height, width, channels], channels
// last; a vector of n numbers is [1, 1, n].
struct ObservationSpec {
  ElementType type = ElementType::kUint8;
  int height = 1;
  int width = 1;
  int channels = 1;

  // How many consecutive observations together make the state that a network sees. The environment
  // delivers single observations; the replay memory and the acting side stack them, and put zeros
  // before an episode's first.
  int stack = 1;

  // A network sees each element times this: 1/255 for pictures, 1 for planes of 0 and 1.
  float scale = 1.0f;

  int elements() const { return height * width * channels; }
  int bytes() const { return elements() * (type == ElementType::kUint8 ? 1 : 4); }
  friend bool operator==(const ObservationSpec&, const ObservationSpec&) = default;
};

// What an environment is, known before its first reset and constant thereafter.
struct EnvironmentSpec {
  std::string id;  // as in configurations: "minatar:breakout"
  ObservationSpec observation;
  std::vector<std::string> action_names;  // action i is the i-th name
  // Bounds of one env_step's raw reward; infinite where the game states none.
  double min_reward = -std::numeric_limits<double>::infinity();
  double max_reward = std::numeric_limits<double>::infinity();
  // Size in pixels of the picture that the game itself would draw.
  int native_width = 0;
  int native_height = 0;
  // Shape of a pixel as the game's own screen shows it: height over width.
  double pixel_aspect = 1;
  // Emulator frames per env_step; 1 where the game knows no other.
  int frame_skip = 1;
  // Emulator frames per second of the game in real time, as a person would play it.
  double frames_per_second = 0;
  // Env_steps after which an episode is truncated, where there is such a limit.
  std::optional<int64_t> max_episode_env_steps;
  // Whether SaveState and LoadState go on with the same episode, to the bit. Where not, a run that
  // is interrupted goes on with new episodes.
  bool can_save = true;
  // Whether an env_step takes so long, some ten microseconds, that several of these games are worth
  // several threads.
  bool takes_long = false;
  // Memory of the process that plays a few of these games; 0 where that is this one.
  int64_t worker_bytes = 0;

  int num_actions() const { return static_cast<int>(action_names.size()); }
};

// What one env_step brought, beside the observation.
struct StepResult {
  double reward = 0;        // raw; clipping is the learner's
  bool terminated = false;  // the episode ended in a terminal state: its value is 0
  bool truncated = false;   // the episode was cut by a limit: its last state still has a value
  // The game itself is over. Differs from done() only with `life_loss: terminal`, where a lost life
  // ends the learner's episode while the game, and the return that people quote, go on.
  bool game_over = false;
  // Nothing of the env_step is known: whoever played the game is gone. The episode was cut before
  // it (truncated), and there is no transition to learn from. Only of games in other processes.
  bool lost = false;

  bool done() const { return terminated || truncated; }
  friend bool operator==(const StepResult&, const StepResult&) = default;
};

// One game. The same seed and actions give the same observations, rewards and ends, on any machine.
//
// Call order: Reset(seed), then Step until it reports done(), then Reset() again. Owned and called
// by one thread at a time.
class Environment {
 public:
  virtual ~Environment() = default;

  virtual const EnvironmentSpec& spec() const = 0;

  // Begins an episode. With a seed, every random generator of the environment starts anew from it,
  // as Gymnasium's reset(seed=...) does; without one they go on. REQUIRES: a seed at the first
  // call.
  virtual void Reset(std::optional<uint64_t> seed = std::nullopt) = 0;

  // Plays one env_step. REQUIRES: 0 <= action < spec().num_actions(), and the episode has not
  // ended.
  virtual StepResult Step(int action) = 0;

  // Writes the newest observation, that is after Reset the episode's first and after Step the one
  // that the action led to, the last of an episode included. REQUIRES: out.size() ==
  // spec().observation.bytes(). float32 elements are little-endian.
  virtual void Observe(std::span<uint8_t> out) const = 0;

  // Draws what a person would see at this moment, after LoadState, too: spec().native_width x
  // native_height pixels. Allocates nothing when `image` comes from an earlier Render, and changes
  // nothing in the game. REQUIRES: Reset or LoadState came first.
  virtual void Render(Image& image) const = 0;

  // `observer` is called within Step after each emulator frame but the env_step's last, which the
  // caller can render when Step returns; so a viewer shows every frame of a game. It may call
  // Render and nothing else of this environment. Frames of a Reset are not for it. An empty
  // function: none. Where an env_step is one frame there is nothing to call it for. Not part of the
  // saved state.
  virtual void SetFrameObserver(const std::function<void()>& /*observer*/) {}

  // What a person who compares this environment with its original needs to know of the last Reset
  // or Step beyond its result, as a JSON object; empty when there is nothing. For dqnd trace only.
  virtual std::string TraceDetails() const { return {}; }

  // Everything that the future depends on, random generators included. An environment made with the
  // same options that loads it continues identically, also in another process; where
  // spec().can_save is not set, with a new episode.
  virtual std::string SaveState() const = 0;

  // Throws std::runtime_error when `state` was not written by such an environment; the environment
  // must then not be used before another LoadState or Reset succeeds.
  virtual void LoadState(std::string_view state) = 0;

  // What people should know of since the last call, a line each: a worker that had to be replaced.
  virtual std::vector<std::string> TakeRemarks() { return {}; }

  // For a program that is to end: what waits for another process waits a few seconds more at most,
  // now and ever after, and its env_step is lost then. Any thread.
  virtual void GiveUp() {}
};

}  // namespace dqnd
