#include "trainer/network/float_backend.h"

#include <algorithm>
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

// The weight is made with `dimensions` and known to others by `shape`, which counts the same
// numbers in the same order.
WeightAndBias AddWeightAndBias(const std::string& name, at::IntArrayRef dimensions,
                               std::vector<int64_t> shape, Parameters& parameters,
                               RandomStream& init) {
  const int64_t fan_in = c10::multiply_integers(dimensions.slice(1));
  const double bound = 1.0 / std::sqrt(static_cast<double>(fan_in));
  at::Tensor weight = Uniform(dimensions, bound, init);
  // Pictures come channels-last, and convolutions are fastest when their weights do too.
  if (dimensions.size() == 4) weight = weight.contiguous(at::MemoryFormat::ChannelsLast);
  at::Tensor bias = Uniform(dimensions[0], bound, init);
  return {parameters.Add(name + ".weight", weight, std::move(shape)),
          parameters.Add(name + ".bias", bias)};
}

WeightAndBias AddWeightAndBias(const std::string& name, at::IntArrayRef dimensions,
                               Parameters& parameters, RandomStream& init) {
  return AddWeightAndBias(name, dimensions, dimensions.vec(), parameters, init);
}

// A convolution's input so small that one matrix product over copied patches costs less than
// setting up a convolution: numbers in the patches, about what a second-level cache holds.
constexpr int64_t kSmallPatchNumbers = 200'000;

class FloatConvolution : public Layer {
 public:
  FloatConvolution(WeightAndBias parameters, int64_t stride)
      : parameters_(std::move(parameters)), stride_(stride) {}

  at::Tensor Forward(const at::Tensor& input) const override {
    const int64_t kernel = parameters_.weight.size(2);
    const int64_t height = (input.size(2) - kernel) / stride_ + 1;
    const int64_t width = (input.size(3) - kernel) / stride_ + 1;
    const int64_t patch_numbers = input.size(0) * height * width * kernel * kernel * input.size(1);
    const bool is_data =
        !input.requires_grad() && input.is_contiguous(at::MemoryFormat::ChannelsLast);
    if (is_data && patch_numbers <= kSmallPatchNumbers) {
      return MultiplyPatches(input, height, width).relu_();
    }
    return at::conv2d(input, parameters_.weight, parameters_.bias, stride_).relu_();
  }

 private:
  // The convolution as one product [batch * height * width, patch] x [patch, out_channels]. The
  // weight lies channels-last, as the patches do.
  at::Tensor MultiplyPatches(const at::Tensor& input, int64_t height, int64_t width) const {
    const at::Tensor& weight = parameters_.weight;
    const at::Tensor patches = Patches(input, height, width);
    const at::Tensor filters = weight.permute({0, 2, 3, 1}).reshape({weight.size(0), -1});
    return at::addmm(parameters_.bias, patches, filters.t())
        .view({input.size(0), height, width, weight.size(0)})
        .permute({0, 3, 1, 2});
  }

  // What each position of the kernel sees, [batch * height * width, kernel * kernel * channels].
  // The input lies channels-last, so that a row of a patch is one run of memory.
  at::Tensor Patches(const at::Tensor& input, int64_t height, int64_t width) const {
    const int64_t batch = input.size(0), channels = input.size(1);
    const int64_t kernel = parameters_.weight.size(2), run = kernel * channels;
    const int64_t picture_row = input.size(3) * channels, picture = input.size(2) * picture_row;
    at::Tensor patches = at::empty({batch * height * width, kernel * run}, input.options());
    const float* from = input.const_data_ptr<float>();
    float* to = patches.data_ptr<float>();
    for (int64_t sample = 0; sample < batch; ++sample) {
      for (int64_t y = 0; y < height; ++y) {
        for (int64_t x = 0; x < width; ++x) {
          const float* corner =
              from + sample * picture + y * stride_ * picture_row + x * stride_ * channels;
          for (int64_t row = 0; row < kernel; ++row, to += run) {
            std::copy_n(corner + row * picture_row, run, to);
          }
        }
      }
    }
    return patches;
  }

  WeightAndBias parameters_;
  int64_t stride_;
};

// Takes the picture in the order in which it lies in memory, channels last, with a weight that lies
// so, too: flattening copies nothing.
class FloatLinearOnPicture : public Layer {
 public:
  explicit FloatLinearOnPicture(WeightAndBias parameters) : parameters_(std::move(parameters)) {}

  at::Tensor Forward(const at::Tensor& input) const override {
    return at::linear(InMemoryOrder(input), InMemoryOrder(parameters_.weight), parameters_.bias)
        .relu_();
  }

 private:
  // [n, channels, height, width] -> [n, height * width * channels]
  static at::Tensor InMemoryOrder(const at::Tensor& pictures) {
    return pictures.permute({0, 2, 3, 1}).reshape({pictures.size(0), -1});
  }

  WeightAndBias parameters_;  // the weight is [out_features, channels, height, width]
};

class FloatLinear : public Layer {
 public:
  FloatLinear(WeightAndBias parameters, bool rectified)
      : parameters_(std::move(parameters)), rectified_(rectified) {}

  at::Tensor Forward(const at::Tensor& input) const override {
    at::Tensor output = at::linear(input, parameters_.weight, parameters_.bias);
    return rectified_ ? output.relu_() : output;
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

std::unique_ptr<Layer> FloatBackend::LinearOnPicture(const std::string& name,
                                                     const PictureShape& picture,
                                                     int64_t out_features, Parameters& parameters,
                                                     RandomStream& init) const {
  return std::make_unique<FloatLinearOnPicture>(
      AddWeightAndBias(name, {out_features, picture.channels, picture.height, picture.width},
                       {out_features, picture.numbers()}, parameters, init));
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
