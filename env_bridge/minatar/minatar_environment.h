#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "env_bridge/environment.h"
#include "env_bridge/environment_options.h"
#include "env_bridge/minatar/grid.h"
#include "env_bridge/numpy_random_state.h"

namespace dqnd {

// What a game of MinAtar understands, in the order in which MinAtar numbers its actions. Every game
// takes all six, also those that do nothing in it.
enum class MinatarAction { kNothing, kLeft, kUp, kRight, kDown, kFire };

// An observation that is being drawn: 10 x 10 cells of `channels` zeros and ones.
class MinatarPlanes {
 public:
  // Writes to `cells`, [10, 10, channels] row-major, all zero, which must outlive the planes.
  MinatarPlanes(std::span<uint8_t> cells, int channels) : cells_(cells), channels_(channels) {}

  void Set(int row, int column, int channel) {
    cells_[(row * kMinatarSize + column) * channels_ + channel] = 1;
  }
  void Set(const MinatarGrid& grid, int channel);

 private:
  std::span<uint8_t> cells_;
  int channels_;
};

// What all five games of MinAtar share (Young and Tian, "MinAtar: An Atari-Inspired Testbed for
// Thorough and Reproducible Reinforcement Learning Experiments", 2019): sticky actions, the random
// numbers, the observation's form, an optional limit of the episode's length, and the state's
// frame. A game adds its rules. Written from the rules of the MinAtar 1.0.15 package, whose
// observations, rewards and ends the games equal exactly under the same seed and actions;
// tests/python/minatar_parity_test.py plays them side by side.
//
// Reset(seed) is what a new Environment of that package is after seed(seed) and reset(). The seed's
// low 32 bits count, since NumPy's RandomState takes no more. The action that a sticky step repeats
// survives Reset() and is forgotten by Reset(seed). A Step after the end draws whether to repeat an
// action, as the package does, and changes nothing else.
class MinatarEnvironment : public Environment {
 public:
  const EnvironmentSpec& spec() const final { return spec_; }
  void Reset(std::optional<uint64_t> seed) final;
  StepResult Step(int action) final;
  void Observe(std::span<uint8_t> out) const final;

  // A pixel a cell in the colours of the package's own display: a cell shows its highest channel.
  void Render(Image& image) const final;

  std::string SaveState() const final;
  void LoadState(std::string_view state) final;

 protected:
  struct GameTraits {
    std::string_view name;  // as in "minatar:NAME"
    int channels;
    double max_reward;  // of one env_step; the least is 0
  };

  struct GameResult {
    int reward = 0;
    bool terminated = false;
  };

  // Throws std::invalid_argument when an option is out of its range.
  MinatarEnvironment(const GameTraits& traits, const EnvironmentOptions& options);

  NumpyRandomState& random() { return random_; }

  // Whether the game gets harder with time, where it knows such a thing.
  bool difficulty_ramping() const { return difficulty_ramping_; }

  // Whether the game is over. A game reads it where that decides which of its states are possible.
  bool terminated() const { return terminated_; }

  // Reads an integer that a game wrote with ByteWriter::I64. Throws std::runtime_error, naming
  // `what`, when it is not within [least, greatest].
  static int ReadInt(ByteReader& reader, int64_t least, int64_t greatest, std::string_view what);

 private:
  // The game's own part of the public methods above.
  virtual void BeginGame() = 0;
  virtual GameResult Play(MinatarAction action) = 0;
  virtual void Draw(MinatarPlanes& planes) const = 0;
  virtual void SaveGame(ByteWriter& writer) const = 0;
  virtual void LoadGame(ByteReader& reader) = 0;

  // Constant after construction.
  EnvironmentSpec spec_;
  std::vector<uint8_t> palette_;  // [1 + channels, 3]: an empty cell, then each channel
  double repeat_action_probability_;
  bool difficulty_ramping_;

  NumpyRandomState random_;
  MinatarAction last_action_ = MinatarAction::kNothing;
  int64_t episode_env_steps_ = 0;
  bool terminated_ = false;
};

}  // namespace dqnd
