#pragma once

#include <memory>
#include <vector>

#include "trainer/network/layer_backend.h"

namespace dqnd {

// What blocks are put together from. Each part is a layer of its own; a block is a sequence of them
// in its paper's order.

// One after the other.
using Parts = std::vector<std::unique_ptr<Layer>>;
std::unique_ptr<Layer> InSequence(Parts parts);

// W x + b, in real numbers.
std::unique_ptr<Layer> RealProduct(const LayerSite& site, Parameters& parameters,
                                   RandomStream& init);

// sign(W) x, without a bias: a normalisation follows, which has one. W is clipped to [-1, 1]. Where
// x holds integers (and +-1 are such), each sum is exact in float32 below 2^24, in any order.
std::unique_ptr<Layer> BinaryProduct(const LayerSite& site, Parameters& parameters,
                                     RandomStream& init);

// alpha (sign(W) x), alpha being the mean of |W| over each output's weights, exact sums first. With
// a bias where nothing normalises behind it.
enum class WithBias { kNo, kYes };
std::unique_ptr<Layer> ScaledBinaryProduct(const LayerSite& site, WithBias with_bias,
                                           Parameters& parameters, RandomStream& init);

// Batch normalisation under the name NAME.norm.
std::unique_ptr<Layer> Norm(const LayerSite& site, int64_t channels, const NetworkSection& options,
                            Parameters& parameters);

// max(x, 0), in place: x must be what the part before it has made.
std::unique_ptr<Layer> Rectifier();

// sign(x), with the estimator of its gradient that `ste` names.
std::unique_ptr<Layer> Sign(Ste ste);

}  // namespace dqnd
