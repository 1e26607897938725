#pragma once

#include "trainer/network/layer_backend.h"

namespace dqnd {

// Plain float32 layers with rectified linear units, initialised as PyTorch initialises nn.Conv2d
// and nn.Linear: weights and biases uniform in +-1/sqrt(fan_in) (LeCun et al., "Efficient
// BackProp", 1998, in the scaling that Torch made common).
class FloatBackend : public LayerBackend {
 public:
  std::unique_ptr<Layer> Convolution(const std::string& name, const ConvolutionShape& shape,
                                     Parameters& parameters, RandomStream& init) const override;
  std::unique_ptr<Layer> LinearOnPicture(const std::string& name, const PictureShape& picture,
                                         int64_t out_features, Parameters& parameters,
                                         RandomStream& init) const override;
  std::unique_ptr<Layer> Linear(const std::string& name, const LinearShape& shape,
                                Parameters& parameters, RandomStream& init) const override;
  std::unique_ptr<Layer> Output(const std::string& name, const LinearShape& shape,
                                Parameters& parameters, RandomStream& init) const override;
};

}  // namespace dqnd
