#include "trainer/network/float_backend.h"

#include <cmath>

#include <ATen/ATen.h>

namespace dqnd {
namespace {

// Uniform in [-bound, bound), one number after the other in the tensor's logical (row-major) order.
at::Tensor Uniform(at::IntArrayRef shape, double bound, RandomStream& init) {
  at::Tensor values = at::empty(shape, at::kFloat);
  float* data = values.data_ptr<float>();
  for (int64_t i = 0; i < values.numel(); ++i) {
    data[i] = static_cast<float>((2.0 * init.Uniform() - 1.0) * bound);
  }
  return values;
}

struct WeightAndBias {
  at::Tensor weight;
  at::Tensor bias;
};

WeightAndBias AddWeightAndBias(const std::string& name, at::IntArrayRef shape,
                               Parameters& parameters, RandomStream& init) {
  const int64_t fan_in = c10::multiply_integers(shape.slice(1));
  const double bound = 1.0 / std::sqrt(static_cast<double>(fan_in));
  at::Tensor weight = Uniform(shape, bound, init);
  // Pictures come channels-last, and convolutions are fastest when their weights do too.
  if (shape.size() == 4) weight = weight.contiguous(at::MemoryFormat::ChannelsLast);
  at::Tensor bias = Uniform(shape[0], bound, init);
  return {parameters.Add(name + ".weight", weight), parameters.Add(name + ".bias", bias)};
}

class FloatConvolution : public Layer {
 public:
  FloatConvolution(WeightAndBias parameters, int64_t stride)
      : parameters_(std::move(parameters)), stride_(stride) {}

  at::Tensor Forward(const at::Tensor& input) const override {
    return at::relu(at::conv2d(input, parameters_.weight, parameters_.bias, stride_));
  }

 private:
  WeightAndBias parameters_;
  int64_t stride_;
};

class FloatLinear : public Layer {
 public:
  FloatLinear(WeightAndBias parameters, bool rectified)
      : parameters_(std::move(parameters)), rectified_(rectified) {}

  at::Tensor Forward(const at::Tensor& input) const override {
    at::Tensor output = at::linear(input, parameters_.weight, parameters_.bias);
    return rectified_ ? at::relu(output) : output;
  }

 private:
  WeightAndBias parameters_;
  bool rectified_;
};

}  // namespace

std::unique_ptr<Layer> FloatBackend::Convolution(const std::string& name,
                                                 const ConvolutionShape& shape,
                                                 Parameters& parameters, RandomStream& init) const {
  return std::make_unique<FloatConvolution>(
      AddWeightAndBias(name, {shape.out_channels, shape.in_channels, shape.kernel, shape.kernel},
                       parameters, init),
      shape.stride);
}

std::unique_ptr<Layer> FloatBackend::Linear(const std::string& name, const LinearShape& shape,
                                            Parameters& parameters, RandomStream& init) const {
  return std::make_unique<FloatLinear>(
      AddWeightAndBias(name, {shape.out_features, shape.in_features}, parameters, init), true);
}

std::unique_ptr<Layer> FloatBackend::Output(const std::string& name, const LinearShape& shape,
                                            Parameters& parameters, RandomStream& init) const {
  return std::make_unique<FloatLinear>(
      AddWeightAndBias(name, {shape.out_features, shape.in_features}, parameters, init), false);
}

std::unique_ptr<LayerBackend> MakeLayerBackend(Backend backend) {
  switch (backend) {
    case Backend::kFloat:
      return std::make_unique<FloatBackend>();
  }
  throw std::invalid_argument("unknown network.backend");
}

}  // namespace dqnd
