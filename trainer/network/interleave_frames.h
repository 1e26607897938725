#pragma once

#include <cstdint>

#include "env_bridge/environment.h"

namespace dqnd {

// The frames of a stack as channels, oldest first, each number converted: from `batch` stored
// states [batch, stack, height, width, channels] to [batch, height, width, stack * channels].
template <typename From, typename To, typename Convert>
void InterleaveFrames(const ObservationSpec& observation, int64_t batch, const From* in, To* out,
                      const Convert& convert) {
  const int64_t stack = observation.stack;
  // Without a stack there is nothing to interleave: the observation is one run of numbers.
  const int64_t pixels = stack == 1 ? 1 : int64_t{observation.height} * observation.width;
  const int64_t channels = observation.elements() / pixels;
  // The usual stack of pictures of one channel, in a form that compilers turn into vectors.
  constexpr int64_t kUsualStack = 4;
  if (stack == kUsualStack && channels == 1) {
    for (int64_t sample = 0; sample < batch; ++sample, in += kUsualStack * pixels) {
      for (int64_t pixel = 0; pixel < pixels; ++pixel, out += kUsualStack) {
        for (int64_t frame = 0; frame < kUsualStack; ++frame) {
          out[frame] = convert(in[frame * pixels + pixel]);
        }
      }
    }
    return;
  }
  for (int64_t sample = 0; sample < batch; ++sample, out += pixels * stack * channels) {
    for (int64_t frame = 0; frame < stack; ++frame, in += pixels * channels) {
      for (int64_t pixel = 0; pixel < pixels; ++pixel) {
        for (int64_t channel = 0; channel < channels; ++channel) {
          out[(pixel * stack + frame) * channels + channel] =
              convert(in[pixel * channels + channel]);
        }
      }
    }
  }
}

}  // namespace dqnd
