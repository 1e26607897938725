#include "trainer/network/layer_backend.h"

#include <stdexcept>

#include "trainer/network/binarized_backend.h"
#include "trainer/network/float_backend.h"

namespace dqnd {

std::unique_ptr<LayerBackend> MakeLayerBackend(const NetworkSection& options) {
  switch (options.backend) {
    case Backend::kFloat:
      return std::make_unique<FloatBackend>();
    case Backend::kBinaryConnect:
    case Backend::kBnn:
    case Backend::kXnorNet:
      return std::make_unique<BinarizedBackend>(options);
  }
  throw std::invalid_argument("unknown network.backend");
}

}  // namespace dqnd
