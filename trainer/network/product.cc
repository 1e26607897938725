#include "trainer/network/product.h"

#include <cmath>
#include <utility>

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

// [n, channels, height, width] -> [n, height * width * channels]: the order in which pictures and
// the weights that meet them lie in memory, so that flattening copies nothing.
at::Tensor InMemoryOrder(const at::Tensor& pictures) {
  return pictures.permute({0, 2, 3, 1}).reshape({pictures.size(0), -1});
}

// A convolution's input so small that one matrix product over copied patches costs less than
// setting up a convolution: numbers in the patches, about what a second-level cache holds.
constexpr int64_t kSmallPatchNumbers = 200'000;

struct OutputSize {
  int64_t height, width;
};

// What each position of the kernel sees, [batch * height * width, kernel * kernel * channels].
// The input lies channels-last, so that a row of a patch is one run of memory.
at::Tensor Patches(const at::Tensor& input, int64_t kernel, int64_t stride, OutputSize output) {
  const int64_t batch = input.size(0), channels = input.size(1), run = kernel * channels;
  const int64_t picture_row = input.size(3) * channels, picture = input.size(2) * picture_row;
  return input
      .as_strided({batch, output.height, output.width, kernel, run},
                  {picture, stride * picture_row, stride * channels, picture_row, 1})
      .reshape({batch * output.height * output.width, kernel * run});
}

}  // namespace

Product::Product(Kind kind, std::vector<int64_t> dimensions, std::vector<int64_t> shape,
                 int64_t stride)
    : kind_(kind), dimensions_(std::move(dimensions)), shape_(std::move(shape)), stride_(stride) {}

Product Product::Convolution(const ConvolutionShape& shape) {
  const std::vector<int64_t> dimensions = {shape.out_channels, shape.in_channels, shape.kernel,
                                           shape.kernel};
  return {Kind::kConvolution, dimensions, dimensions, shape.stride};
}

Product Product::OnPicture(const PictureShape& picture, int64_t out_features) {
  return {Kind::kOnPicture,
          {out_features, picture.channels, picture.height, picture.width},
          {out_features, picture.numbers()}};
}

Product Product::OnVector(int64_t in_features, int64_t out_features) {
  return {Kind::kOnVector, {out_features, in_features}, {out_features, in_features}};
}

int64_t Product::fan_in() const {
  return c10::multiply_integers(dimensions_) / dimensions_[0];
}

at::Tensor Product::AddWeight(const std::string& name, Parameters& parameters,
                              RandomStream& init) const {
  at::Tensor weight = Uniform(dimensions_, 1.0 / std::sqrt(static_cast<double>(fan_in())), init);
  // Pictures come channels-last, and are met fastest by weights that lie so, too.
  if (dimensions_.size() == 4) weight = weight.contiguous(at::MemoryFormat::ChannelsLast);
  return parameters.Add(name + ".weight", weight, shape_);
}

at::Tensor Product::AddBias(const std::string& name, Parameters& parameters,
                            RandomStream& init) const {
  return parameters.Add(
      name + ".bias",
      Uniform(dimensions_[0], 1.0 / std::sqrt(static_cast<double>(fan_in())), init));
}

at::Tensor Product::Apply(const at::Tensor& input, const at::Tensor& weight,
                          const at::Tensor& bias) const {
  switch (kind_) {
    case Kind::kConvolution:
      return Convolve(input, weight, bias);
    case Kind::kOnPicture:
      return at::linear(InMemoryOrder(input), InMemoryOrder(weight), bias);
    case Kind::kOnVector:
      break;
  }
  return at::linear(input.flatten(1), weight, bias);
}

at::Tensor Product::Convolve(const at::Tensor& input, const at::Tensor& weight,
                             const at::Tensor& bias) const {
  const int64_t batch = input.size(0), kernel = weight.size(2);
  const OutputSize output = {(input.size(2) - kernel) / stride_ + 1,
                             (input.size(3) - kernel) / stride_ + 1};
  const bool is_data =
      !input.requires_grad() && input.is_contiguous(at::MemoryFormat::ChannelsLast);
  if (!is_data || batch * output.height * output.width * fan_in() > kSmallPatchNumbers) {
    return at::conv2d(input, weight, bias, stride_);
  }
  // The convolution as one product [batch * height * width, patch] x [patch, out_channels]. The
  // weight lies channels-last, as the patches do.
  const at::Tensor patches = Patches(input, kernel, stride_, output);
  const at::Tensor filters = InMemoryOrder(weight).t();
  const at::Tensor sums =
      bias.defined() ? at::addmm(bias, patches, filters) : at::mm(patches, filters);
  return sums.view({batch, output.height, output.width, weight.size(0)}).permute({0, 3, 1, 2});
}

}  // namespace dqnd
