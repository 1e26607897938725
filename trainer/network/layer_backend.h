#pragma once

#include <memory>
#include <string>

#include <ATen/core/Tensor.h>

#include "base/random_stream.h"
#include "trainer/config/config.h"
#include "trainer/network/parameters.h"

namespace dqnd {

// One block of a network: parameters and what is computed with them. Immutable but for the
// parameters' values, which the optimizer changes in place.
class Layer {
 public:
  virtual ~Layer() = default;

  // float32 in, float32 out, batch first. Records the operation for backpropagation unless the
  // caller holds an at::InferenceMode or c10::NoGradGuard.
  virtual at::Tensor Forward(const at::Tensor& input) const = 0;
};

struct ConvolutionShape {
  int64_t in_channels = 0;
  int64_t out_channels = 0;
  int64_t kernel = 0;  // pixels, square
  int64_t stride = 1;  // pixels; no padding
};

// A picture on its way through a network.
struct PictureShape {
  int64_t channels = 0;
  int64_t height = 0;
  int64_t width = 0;

  int64_t numbers() const { return channels * height * width; }
};

struct LinearShape {
  int64_t in_features = 0;
  int64_t out_features = 0;
};

// Builds the blocks of a network in one arithmetic: float now, binarized ones beside it later. An
// architecture is written once, over this interface, and does not know which one it has.
//
// Each method draws initial values from `init`, adds them to `parameters` under NAME.weight and
// NAME.bias (what PyTorch's state_dict() of a module called NAME would hold, with equal shapes),
// and returns the layer that uses them.
class LayerBackend {
 public:
  virtual ~LayerBackend() = default;

  // A convolution with its non-linearity: [batch, in_channels, h, w] -> [batch, out_channels, h',
  // w'].
  virtual std::unique_ptr<Layer> Convolution(const std::string& name, const ConvolutionShape& shape,
                                             Parameters& parameters, RandomStream& init) const = 0;

  // A fully connected layer with its non-linearity on a whole picture: [batch, channels, height,
  // width] -> [batch, out_features]. Its weight is [out_features, channels * height * width].
  virtual std::unique_ptr<Layer> LinearOnPicture(const std::string& name,
                                                 const PictureShape& picture, int64_t out_features,
                                                 Parameters& parameters,
                                                 RandomStream& init) const = 0;

  // A fully connected layer with its non-linearity: [batch, in_features] -> [batch, out_features].
  virtual std::unique_ptr<Layer> Linear(const std::string& name, const LinearShape& shape,
                                        Parameters& parameters, RandomStream& init) const = 0;

  // The last layer, with no non-linearity: [batch, in_features] -> [batch, out_features].
  virtual std::unique_ptr<Layer> Output(const std::string& name, const LinearShape& shape,
                                        Parameters& parameters, RandomStream& init) const = 0;
};

// The backend that a configuration names.
std::unique_ptr<LayerBackend> MakeLayerBackend(Backend backend);

}  // namespace dqnd
