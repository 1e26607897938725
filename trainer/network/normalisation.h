#pragma once

#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "trainer/config/config.h"
#include "trainer/network/layer_backend.h"
#include "trainer/network/parameters.h"

namespace dqnd {

inline constexpr float kNormalisationEpsilon = 1e-5f;  // PyTorch's

// Batch normalisation (Ioffe and Szegedy 2015) of each channel:
//
//   y = (x - mean) scale + bias,  scale = weight / sqrt(variance + epsilon)
//
// A pass that uses the network takes mean and variance from running statistics. They are a
// parameter's neighbours: saved, published and copied to the target network with it. A pass of an
// update first moves them towards those of its batch, by 1 / n in the first hundred updates (so
// that they are the plain average) and by 0.01 from then on; then
//   running  it uses them as constants, through which no gradient flows
//   batch    it uses the batch's own, through which it does
//
// Shift-based normalisation (Hubara et al. 2016, algorithm 3) rounds weight, 1 / sqrt(variance +
// epsilon), and one factor of each square in the variance to the nearest power of two, so that a
// device needs shifts alone.
class Normalisation {
 public:
  // Adds NAME.weight (1), NAME.bias (0) and the statistics NAME.running_mean, NAME.running_var and
  // NAME.num_batches_tracked, PyTorch's names, each [channels] but for the last, a number.
  Normalisation(const std::string& name, int64_t channels, const NetworkSection& options,
                Parameters& parameters);

  // x: [batch, channels] or [batch, channels, height, width] with channels last in memory.
  at::Tensor Apply(const at::Tensor& x, const Pass& pass) const;

 private:
  // By: Loops or Operations of normalisation.cc.
  template <typename By>
  at::Tensor ApplyBy(const at::Tensor& x, const Pass& pass) const;
  // Moves the running statistics towards those of a batch of `count` numbers a channel.
  void TakeIn(const at::Tensor& mean, const at::Tensor& variance, int64_t count) const;

  at::Tensor weight_, bias_;
  at::Tensor running_mean_, running_var_, num_batches_tracked_;
  bool by_batch_;
  bool shift_based_;
};

// What a pass that uses the network makes of a number x of one channel, to the bit:
// (x - mean) * scale + bias in float32.
struct ChannelNorm {
  float mean, scale, bias;

  float operator()(float x) const { return (x - mean) * scale + bias; }
};

// Of each channel of the normalisation called `name`. Throws std::invalid_argument when the
// parameters have none of that name.
std::vector<ChannelNorm> ChannelNorms(const Parameters& parameters, const std::string& name,
                                      const NetworkSection& options);

}  // namespace dqnd
