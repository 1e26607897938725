#pragma once

#include <vector>

#include "trainer/config/config.h"
#include "trainer/network/parameters.h"
#include "trainer/network/q_network.h"

namespace dqnd {

// A network's numbers as other programs can multiply by them. A float network's parameters as they
// are. Of a binarized one every binary weight as +1 or -1 in place of its latent number, and for
// xnor_net NAME.scale [outputs], the mean of the latent numbers' absolutes, beside it; the rest
// (real layers, normalisations) as they are. New tensors, which share nothing with the network.
std::vector<NamedTensor> PlainTensors(const QNetwork& network, const NetworkSection& options);

}  // namespace dqnd
