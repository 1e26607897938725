#pragma once

#include "trainer/network/layer_backend.h"

namespace dqnd {

// Networks whose layers multiply by +1 and -1. Each keeps real "latent" weights W, uses sign(W),
// and lets the gradient of the signs change W, which stays within [-1, 1]. First and last layer are
// real or binary as network.first_layer and network.last_layer say.
//
//   binary_connect  Courbariaux, Bengio and David 2015, the deterministic variant: binary weights,
//                   real activations.  Product, normalisation, rectifier.
//   bnn             Hubara et al. 2016: binary weights and activations.
//                   Product, normalisation, sign.
//   xnor_net        Rastegari et al. 2016: binary weights, scaled by alpha = mean |W| of each
//                   output, and activations.  Normalisation, sign, product.
class BinarizedBackend : public LayerBackend {
 public:
  // REQUIRES: options.backend is one of these three.
  explicit BinarizedBackend(const NetworkSection& options) : options_(options) {}

  std::unique_ptr<Layer> Hidden(const LayerSite& site, Parameters& parameters,
                                RandomStream& init) const override;
  std::unique_ptr<Layer> Output(const LayerSite& site, Parameters& parameters,
                                RandomStream& init) const override;
  bool takes_integers() const override { return options_.first_layer == LayerKind::kBinary; }

 private:
  const NetworkSection options_;
};

// Whether a layer multiplies by +1 and -1; in a float network none does.
bool HasBinaryWeights(const LayerSite& site, const NetworkSection& options);

}  // namespace dqnd
