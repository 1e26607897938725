#pragma once

#include <functional>
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
//   a real first layer on bytes  weights to 16 bits of the largest of their output
//   a real first layer on floats the order of additions
//   the last layer               weights to 16 bits, what xnor_net's rectifier leaves to 24
struct PackedExport {
  PackedNetwork network;
  // How far a value of the packed network can be from the float one's, given equal bits.
  double value_bound = 0;
  // Of a first layer whose sums are rounded: the pre-activation that a packed sum of an output
  // stands for; what the network multiplies its own sum by to get it; and how far the two can be
  // apart. [outputs] each; empty where sums are exact.
  std::function<float(double sum, uint32_t output)> first_value;
  std::vector<float> first_scales;
  std::vector<double> first_bounds;
};

// How a sum's threshold is found: by halving, or by halving and then asking about every sum.
enum class Thresholds { kHalved, kAsked };

// Throws std::invalid_argument, saying what would work, when the network is of a backend that is
// not packed, or has a layer too wide for a packed one's sums.
PackedExport PackNetwork(const QNetwork& network, const NetworkSection& options,
                         const ObservationSpec& observation,
                         Thresholds thresholds = Thresholds::kAsked);

}  // namespace dqnd
