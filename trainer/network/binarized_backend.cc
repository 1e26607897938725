#include "trainer/network/binarized_backend.h"

#include <utility>

#include "trainer/network/layer_parts.h"

namespace dqnd {

bool HasBinaryWeights(const LayerSite& site, const NetworkSection& options) {
  if (options.backend == Backend::kFloat) return false;
  if (site.is_first) return options.first_layer == LayerKind::kBinary;
  return !site.is_last || options.last_layer == LayerKind::kBinary;
}

// The papers' block orders, which are also the order of the parameters.
std::unique_ptr<Layer> BinarizedBackend::Hidden(const LayerSite& site, Parameters& parameters,
                                                RandomStream& init) const {
  const bool is_real = !HasBinaryWeights(site, options_);
  Parts parts;
  if (options_.backend == Backend::kXnorNet) {
    if (!site.is_first) {  // observations are no activations: they are taken as they are
      parts.push_back(Norm(site, site.product.inputs(), options_, parameters));
      parts.push_back(Sign(options_.ste));
    }
    parts.push_back(is_real ? RealProduct(site, parameters, init)
                            : ScaledBinaryProduct(site, WithBias::kNo, parameters, init));
  } else {
    parts.push_back(is_real ? RealProduct(site, parameters, init)
                            : BinaryProduct(site, parameters, init));
    parts.push_back(Norm(site, site.product.outputs(), options_, parameters));
    parts.push_back(options_.backend == Backend::kBnn ? Sign(options_.ste) : Rectifier());
  }
  return InSequence(std::move(parts));
}

std::unique_ptr<Layer> BinarizedBackend::Output(const LayerSite& site, Parameters& parameters,
                                                RandomStream& init) const {
  const bool is_real = !HasBinaryWeights(site, options_);
  Parts parts;
  if (options_.backend == Backend::kXnorNet) {
    parts.push_back(Norm(site, site.product.inputs(), options_, parameters));
    parts.push_back(is_real ? Rectifier() : Sign(options_.ste));
    parts.push_back(is_real ? RealProduct(site, parameters, init)
                            : ScaledBinaryProduct(site, WithBias::kYes, parameters, init));
  } else if (is_real) {
    parts.push_back(RealProduct(site, parameters, init));
  } else {
    parts.push_back(BinaryProduct(site, parameters, init));
    parts.push_back(Norm(site, site.product.outputs(), options_, parameters));
  }
  return InSequence(std::move(parts));
}

}  // namespace dqnd
