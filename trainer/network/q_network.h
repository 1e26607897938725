#pragma once

#include <memory>
#include <span>
#include <vector>

#include <ATen/core/Tensor.h>

#include "base/random_stream.h"
#include "env_bridge/environment.h"
#include "trainer/config/config.h"
#include "trainer/network/layer_backend.h"
#include "trainer/network/parameters.h"

namespace dqnd {

// Where the layers of an architecture stand, from the first to the output. Makes no parameters.
// Throws std::invalid_argument when it does not fit the observation (the message says which do).
std::vector<LayerSite> LayerSites(const NetworkSection& options, const ObservationSpec& observation,
                                  int num_actions);

// Q(s, .; theta): a network from stacked observations to one value per action.
//
// Architectures (network.architecture):
//   nature_cnn   Mnih et al. 2015: conv 32 8x8/4, conv 64 4x4/2, conv 64 3x3/1, linear 512, output
//   minatar_cnn  Young and Tian 2019: conv 16 3x3/1, linear 128, output
//   mlp          network.hidden_sizes, each a linear layer, output
// network.width multiplies the hidden sizes of the first two.
class QNetwork {
 public:
  // Draws initial parameters from `init`. Throws as LayerSites does.
  QNetwork(const NetworkSection& options, const ObservationSpec& observation, int num_actions,
           RandomStream& init);

  // states: as StateConverter makes them, float32 [batch, stack * channels, height, width],
  // channels-last in memory; for mlp anything that flattens to [batch, inputs]. Returns float32
  // [batch, num_actions].
  at::Tensor Forward(const at::Tensor& states, const Pass& pass = kUse) const {
    return ForwardFrom(0, states, pass);
  }
  // The same from the input of one layer on.
  at::Tensor ForwardFrom(size_t layer, const at::Tensor& input, const Pass& pass = kUse) const;

  // To be called when an optimizer has changed the parameters.
  void AfterOptimizerStep() const;

  // Where its layers stand, from the first to the output.
  const std::vector<LayerSite>& sites() const { return sites_; }

  // What stored observations are multiplied by to become states.
  float state_scale() const { return state_scale_; }

  Parameters& parameters() { return parameters_; }
  const Parameters& parameters() const { return parameters_; }

 private:
  Parameters parameters_;
  std::vector<LayerSite> sites_;
  std::vector<std::unique_ptr<Layer>> layers_;  // one a site
  float state_scale_;
};

// Turns stored states into what a network takes: float32, times `scale`, the frames of a stack as
// channels (oldest first), channels-last in memory.
class StateConverter {
 public:
  StateConverter(const ObservationSpec& observation, float scale)
      : observation_(observation), scale_(scale) {}

  // states: [batch, stack, observation bytes]. The result shares memory with this converter and
  // holds until the next call.
  const at::Tensor& Convert(std::span<const uint8_t> states);

 private:
  ObservationSpec observation_;
  float scale_;
  at::Tensor converted_;
};

}  // namespace dqnd
