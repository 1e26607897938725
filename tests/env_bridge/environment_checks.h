#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/random_stream.h"
#include "env_bridge/environment.h"
#include "env_bridge/image.h"
#include "env_bridge/make_environment.h"

namespace dqnd {

inline std::vector<uint8_t> Observed(const Environment& environment) {
  std::vector<uint8_t> observation(environment.spec().observation.bytes());
  environment.Observe(observation);
  return observation;
}

inline Image Picture(const Environment& environment) {
  Image image;
  environment.Render(image);
  return image;
}

// The red, green and blue of a pixel of a picture with a palette.
inline std::vector<int> ColourAt(const Image& image, int column, int row) {
  const auto colour =
      image.palette.begin() + 3 * image.pixels[static_cast<size_t>(row) * image.width + column];
  return {colour, colour + 3};
}

// Plays one env_step with a random action, and begins a new episode where one ended.
inline StepResult PlayOn(Environment& environment, RandomStream& actions) {
  const StepResult result =
      environment.Step(static_cast<int>(actions.Below(environment.spec().num_actions())));
  if (result.done()) environment.Reset();
  return result;
}

// Saves at random points of several episodes, loads into an environment that has played something
// else, and expects both to go on identically for `env_steps`, resets included.
inline void ExpectContinuesIdentically(const EnvironmentOptions& options, int env_steps) {
  RandomStream points(1, "points");
  for (int save = 0; save < 20; ++save) {
    const auto original = MakeEnvironment(options), restored = MakeEnvironment(options);
    RandomStream actions(save, "actions"), other_actions(save, "other");
    original->Reset(save);
    restored->Reset(1000 + save);
    for (uint32_t step = points.Below(300); step > 0; --step) PlayOn(*original, actions);
    PlayOn(*restored, other_actions);

    restored->LoadState(original->SaveState());
    ASSERT_EQ(Observed(*restored), Observed(*original)) << options.id << ", save " << save;
    RandomStream same_actions(save, "actions");
    same_actions.Seek(actions.words_drawn());
    for (int step = 0; step < env_steps; ++step) {
      ASSERT_EQ(PlayOn(*restored, same_actions), PlayOn(*original, actions))
          << options.id << ", save " << save << ", env_step " << step;
      ASSERT_EQ(Observed(*restored), Observed(*original))
          << options.id << ", save " << save << ", env_step " << step;
    }
  }
}

}  // namespace dqnd
