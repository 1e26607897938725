#include "trainer/network/float_backend.h"

#include <utility>

#include "trainer/network/layer_parts.h"

namespace dqnd {

std::unique_ptr<Layer> FloatBackend::Hidden(const LayerSite& site, Parameters& parameters,
                                            RandomStream& init) const {
  Parts parts;
  parts.push_back(RealProduct(site, parameters, init));
  parts.push_back(Rectifier());
  return InSequence(std::move(parts));
}

std::unique_ptr<Layer> FloatBackend::Output(const LayerSite& site, Parameters& parameters,
                                            RandomStream& init) const {
  return RealProduct(site, parameters, init);
}

}  // namespace dqnd
