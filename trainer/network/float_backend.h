#pragma once

#include "trainer/network/layer_backend.h"

namespace dqnd {

// Plain float32 layers, weight and bias, with rectified linear units.
class FloatBackend : public LayerBackend {
 public:
  std::unique_ptr<Layer> Hidden(const LayerSite& site, Parameters& parameters,
                                RandomStream& init) const override;
  std::unique_ptr<Layer> Output(const LayerSite& site, Parameters& parameters,
                                RandomStream& init) const override;
};

}  // namespace dqnd
