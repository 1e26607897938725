#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "env_bridge/environment.h"
#include "trainer/config/config.h"
#include "trainer/export/packed_file.h"
#include "trainer/network/q_network.h"

namespace dqnd {

// What a network becomes on a device: one bit a weight, and in place of each normalisation and sign
// one integer threshold an output, found by asking the network's own arithmetic about the integers
// that the sum can be.
//
// Exact are the sums of binary products, and all that follows from equal bits. Rounded are
//   a real first layer on bytes  weights to 16 bits of the largest of their output, fewer where so
//                                many meet that 32 bits would not hold their sum
//   a real first layer on floats the order of additions
//   the last layer               weights to 16 bits, what xnor_net's rectifier leaves to 24
struct PackedExport {
  PackedNetwork network;
  // How far a value of the packed network can be from the float one's, given equal bits: with h the
  // last layer's input, |h| by `value_rounding` and `value_bounds` beside it. In double precision.
  at::Tensor value_rounding;  // [actions, inputs of the last layer]; all 0 where it is binary
  at::Tensor value_bounds;    // [actions]
  // Of a first layer whose sums are rounded; unset where they are exact.
  struct RoundedSums {
    // The pre-activation that a packed sum of an output stands for, and what the network multiplies
    // its own sum by to get it.
    std::function<float(double sum, uint32_t output)> value;
    std::vector<float> scales;  // [outputs]
    // How far the two can be apart depends on the state x: |x| by `rounding`, and by `magnitudes`
    // the errors of float32's additions. Both as the network's own weight.
    at::Tensor rounding;    // |w - what stands for w|
    at::Tensor magnitudes;  // (fan-in + 2) epsilon |w|
    at::Tensor bias;        // (fan-in + 2) epsilon |b|, [outputs]
  };
  std::optional<RoundedSums> first;
};

// How a sum's threshold is found: by halving, or by halving and then asking about every sum (of
// real first layers, which have four billion, about those near it and some thousands all over).
enum class Thresholds { kHalved, kAsked };

// Throws std::invalid_argument, saying what would work, when the network is of a backend that is
// not packed, or has a layer too wide for a packed one's sums.
PackedExport PackNetwork(const QNetwork& network, const NetworkSection& options,
                         const ObservationSpec& observation,
                         Thresholds thresholds = Thresholds::kAsked);

}  // namespace dqnd
