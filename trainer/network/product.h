#pragma once

#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "base/random_stream.h"
#include "trainer/network/parameters.h"

namespace dqnd {

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

// The linear part of a layer: which numbers meet which weights. What the weights are, real or
// binary, is the backend's. Immutable.
class Product {
 public:
  // [batch, in_channels, h, w] -> [batch, out_channels, h', w']
  static Product Convolution(const ConvolutionShape& shape);
  // A fully connected layer on a whole picture: [batch, channels, h, w] -> [batch, out_features].
  static Product OnPicture(const PictureShape& picture, int64_t out_features);
  // [batch, ...] -> [batch, out_features], of inputs that flatten to [batch, in_features].
  static Product OnVector(int64_t in_features, int64_t out_features);

  int64_t fan_in() const;                             // numbers that meet in one sum
  int64_t inputs() const { return dimensions_[1]; }   // channels or features
  int64_t outputs() const { return dimensions_[0]; }  // channels or features
  int64_t stride() const { return stride_; }          // pixels
  bool is_convolution() const { return kind_ == Kind::kConvolution; }
  // Height and width, in pixels; of a vector's product 1.
  int64_t kernel_height() const { return dimensions_.size() == 4 ? dimensions_[2] : 1; }
  int64_t kernel_width() const { return dimensions_.size() == 4 ? dimensions_[3] : 1; }

  // Adds NAME.weight or NAME.bias to `parameters`, with the shape that PyTorch's state_dict() of a
  // module called NAME would give it and values uniform in +-1/sqrt(fan_in), as PyTorch initialises
  // nn.Conv2d and nn.Linear (LeCun et al., "Efficient BackProp", 1998, in the scaling that Torch
  // made common).
  at::Tensor AddWeight(const std::string& name, Parameters& parameters, RandomStream& init) const;
  at::Tensor AddBias(const std::string& name, Parameters& parameters, RandomStream& init) const;

  // float32 in and out, pictures channels-last in memory. `weight` has the dimensions and strides
  // of what AddWeight returned; an undefined `bias` adds nothing.
  at::Tensor Apply(const at::Tensor& input, const at::Tensor& weight,
                   const at::Tensor& bias = {}) const;

 private:
  enum class Kind { kConvolution, kOnPicture, kOnVector };

  Product(Kind kind, std::vector<int64_t> dimensions, std::vector<int64_t> shape,
          int64_t stride = 1);

  at::Tensor Convolve(const at::Tensor& input, const at::Tensor& weight,
                      const at::Tensor& bias) const;

  Kind kind_;
  std::vector<int64_t> dimensions_;  // of the weight in memory
  std::vector<int64_t> shape_;       // as others know it: the same numbers in the same order
  int64_t stride_;                   // of a convolution
};

}  // namespace dqnd
