#pragma once

#include <cstdint>
#include <vector>

#include "trainer/config/config.h"

// The blocks of binarized networks as their papers write them: in loops, in double precision, with
// weights and activations that are real numbers which happen to be +1 and -1. What the network's
// own layers are compared with.
namespace dqnd::plain {

// Numbers by row (a sample, or a position of a sample's picture) and channel.
struct Grid {
  int64_t rows = 0, channels = 0;
  std::vector<double> numbers = std::vector<double>(rows * channels);

  double& at(int64_t row, int64_t channel) { return numbers[row * channels + channel]; }
  double at(int64_t row, int64_t channel) const { return numbers[row * channels + channel]; }
};

// Which numbers of the input each row of the output sees, in the order of an output's weights:
// indices into the input's Grid. All of a sample's for a fully connected layer, a patch's for a
// convolution.
using Connections = std::vector<std::vector<int64_t>>;

// What Backward returns, and what Forward needs: weights [outputs][fan_in] and the normalisation's
// numbers a channel.
struct Numbers {
  Grid weight;  // latent, [outputs, fan_in]
  std::vector<double> norm_weight, norm_bias;
};

struct Block {
  Backend backend;
  Ste ste = Ste::kHardTanh;
  Connections connections;
  Numbers numbers;
  // Mean and variance to normalise with, a channel; and whether they are the batch's own, so that
  // the gradient flows through them.
  std::vector<double> mean, variance;
  bool by_batch = false;

  Grid Forward(const Grid& x);

  // sum over i of sign(W_oi) x_i: the product without alpha.
  Grid Sums(const Grid& x) const;

  struct Gradients {
    Grid input;
    Numbers numbers;
  };
  // REQUIRES: Forward was called, whose output's gradient is `above`.
  Gradients Backward(const Grid& above);

  Grid Normalised(const Grid& x) const;
  Grid NormalisedBackward(const Grid& x, const Grid& above, Numbers& gradients) const;
  double Scale(int64_t output) const;  // alpha

  // What Forward leaves for Backward.
  Grid input = {}, sums = {}, normalised = {}, activations = {};
};

double Sign(double x);

// Of each channel; the variance with the batch's count as divisor.
void MeanAndVariance(const Grid& x, std::vector<double>& mean, std::vector<double>& variance);

}  // namespace dqnd::plain
