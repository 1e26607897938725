#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "env_bridge/environment.h"
#include "env_bridge/policy.h"

namespace dqnd {

// How much each place of a state matters to a network.
struct Saliency {
  int height = 0;  // of the map, which covers the whole observation
  int width = 0;
  std::vector<float> changes;  // [height, width]: |Q(s, a) - Q(s', a)|, where s' hides the place
};

// The map for the value of `action` in `state` ([stack, observation bytes]), after Greydanus et
// al., "Visualizing and Understanding Atari Agents", 2018. In pictures (observations of more than
// 32 rows) a place is hidden by blending in a blurred copy of the picture under a Gaussian mask, on
// a grid of at most 17 x 17 places; in smaller observations each row and column is a place, hidden
// by zeros in all its planes; in vectors, each number. Evaluates the policy once a place, 16 at a
// time.
Saliency ComputeSaliency(Policy& policy, const ObservationSpec& observation,
                         std::span<const uint8_t> state, int action);

}  // namespace dqnd
