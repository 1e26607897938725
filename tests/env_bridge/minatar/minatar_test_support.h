#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/random_stream.h"
#include "env_bridge/minatar/grid.h"
#include "env_bridge/minatar/make_minatar.h"

namespace dqnd {

// MinAtar's numbers of the actions.
enum MinatarKey { kNone, kLeft, kUp, kRight, kDown, kFire };

struct MinatarCell {
  int row = 0;
  int column = 0;
  friend bool operator==(const MinatarCell&, const MinatarCell&) = default;
};

inline std::vector<uint8_t> Observation(const Environment& environment) {
  std::vector<uint8_t> observation(environment.spec().observation.bytes());
  environment.Observe(observation);
  return observation;
}

// The cells that are set in one channel of the newest observation, by row and then column.
inline std::vector<MinatarCell> Cells(const Environment& environment, int channel) {
  const std::vector<uint8_t> observation = Observation(environment);
  const int channels = environment.spec().observation.channels;
  std::vector<MinatarCell> cells;
  for (int row = 0; row < kMinatarSize; ++row) {
    for (int column = 0; column < kMinatarSize; ++column) {
      if (observation[(row * kMinatarSize + column) * channels + channel] != 0) {
        cells.push_back({row, column});
      }
    }
  }
  return cells;
}

// The one cell of a channel that has one: where the player is.
inline MinatarCell OnlyCell(const Environment& environment, int channel) {
  return Cells(environment, channel).at(0);
}

inline EnvironmentOptions WithRepeat(double repeat_action_probability) {
  EnvironmentOptions options;
  options.repeat_action_probability = repeat_action_probability;
  return options;
}

// A game without sticky actions, just reset with `seed`.
inline std::unique_ptr<Environment> NewGame(std::string_view game, uint64_t seed,
                                            EnvironmentOptions options = WithRepeat(0)) {
  std::unique_ptr<Environment> environment = MakeMinatar(game, options);
  environment->Reset(seed);
  return environment;
}

// Plays one action `times` times, or until the episode ends; returns the last result.
inline StepResult Repeat(Environment& environment, int action, int times) {
  StepResult result;
  for (int i = 0; i < times && !result.done(); ++i) result = environment.Step(action);
  return result;
}

}  // namespace dqnd
