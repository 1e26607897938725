#include "trainer/export/packed_network.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <limits>
#include <stdexcept>

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "trainer/network/binarized_backend.h"
#include "trainer/network/binary_ops.h"
#include "trainer/network/normalisation.h"

namespace dqnd {
namespace {

constexpr int32_t kLargestWeight = std::numeric_limits<int16_t>::max();
constexpr int32_t kLargestRectified = 0xff'ffff;
constexpr int64_t kLargestByte = 255;
constexpr int64_t kWidestSum = 65'536;  // numbers that packed_net adds in one
constexpr int kValueBits = 30;  // of the largest value that there can be; real ones are far below

// A layer's weights in the packed order: [outputs][row][column][channel].
std::vector<float> WeightsOf(const at::Tensor& weight, const PackedLayer& layer) {
  const at::Tensor rows =
      weight.detach()
          .reshape({layer.outputs, layer.in_channels, layer.kernel_height, layer.kernel_width})
          .permute({0, 2, 3, 1})
          .contiguous();
  return {rows.const_data_ptr<float>(), rows.const_data_ptr<float>() + rows.numel()};
}

std::vector<float> Floats(const at::Tensor& tensor) {
  const at::Tensor numbers = tensor.detach().contiguous();
  return {numbers.const_data_ptr<float>(), numbers.const_data_ptr<float>() + numbers.numel()};
}

// |x| of float observations that a rectifier is made for: classic control's are below 29.
constexpr double kLargestObserved = 32;

// Weights as integers of at most `largest`, times a step.
struct Quantised {
  std::vector<float> integers;
  double step;
};

Quantised Quantise(std::span<const float> weights, int64_t largest) {
  float greatest = 0;
  for (float w : weights) greatest = std::max(greatest, std::abs(w));
  const double step =
      greatest == 0 ? 1 : static_cast<double>(greatest) / static_cast<double>(largest);
  Quantised quantised{{}, step};
  for (float w : weights)
    quantised.integers.push_back(static_cast<float>(std::nearbyint(w / step)));
  return quantised;
}

// The largest integers for the weights of one output on bytes, whose sum 32 bits must hold.
int64_t LargestOnBytes(std::span<const float> weights) {
  double sum = 0, greatest = 0;
  for (const float w : weights) {
    sum += std::abs(w);
    greatest = std::max<double>(greatest, std::abs(w));
  }
  if (greatest == 0) return kLargestWeight;
  constexpr int32_t kLargestSum = std::numeric_limits<int32_t>::max() / kLargestByte;
  const double room = kLargestSum - static_cast<double>(weights.size()) / 2;  // for their rounding
  return std::min<int64_t>(kLargestWeight, static_cast<int64_t>(room * greatest / sum));
}

struct Threshold {
  int64_t least;  // (sum >= least) != flip
  bool flip;
};

// Of a bit that changes at most once between the sums `low` and `high`: by halving. Normalisations
// are such: rounded products and sums of float32 keep the order of what they are made from.
Threshold FindThreshold(const auto& bit, int64_t low, int64_t high) {
  const bool at_low = bit(low), at_high = bit(high);
  if (at_low == at_high) return {std::numeric_limits<int32_t>::min(), !at_low};
  while (high - low > 1) {
    const int64_t middle = low + (high - low) / 2;
    (bit(middle) == at_low ? low : high) = middle;
  }
  return {high, at_low};
}

// Asks about every sum of bits, and of bytes that meet a few of them. Where sums are too many for
// that, about those near the threshold, and some thousands all over.
void AskAround(const Threshold& threshold, const auto& bit, int64_t largest_sum, uint32_t output) {
  constexpr int64_t kMostToAsk = 100'000, kNear = 1'000, kAllOver = 2'000;
  const auto ask = [&](int64_t from, int64_t to, int64_t step) {
    for (int64_t sum = std::max(from, -largest_sum); sum <= std::min(to, largest_sum);
         sum += step) {
      if (((sum >= threshold.least) != threshold.flip) == bit(sum)) continue;
      throw std::logic_error(
          fmt::format("the sign of output {} is no threshold at sum {}", output, sum));
    }
  };
  if (largest_sum <= kMostToAsk) {
    ask(-largest_sum, largest_sum, 1);
  } else {
    ask(threshold.least - kNear, threshold.least + kNear, 1);
    ask(-largest_sum, largest_sum, largest_sum / kAllOver);
  }
}

// A float's place among all floats, and back: neighbours are one apart.
int64_t PlaceOf(float x) {
  const auto bits = std::bit_cast<int32_t>(x);
  return bits >= 0 ? bits : int64_t{std::numeric_limits<int32_t>::min()} - bits;
}
float FloatAt(int64_t place) {
  return std::bit_cast<float>(static_cast<int32_t>(
      place >= 0 ? place : int64_t{std::numeric_limits<int32_t>::min()} - place));
}

// The pre-activation that the network computes from output o's integer sum.
using PreActivation = std::function<float(int64_t sum, uint32_t o)>;

// Makes the layers, from the first to the output.
struct Maker {
  const QNetwork& network;
  const NetworkSection& options;
  Thresholds thresholds;
  PackedExport& result;

  const Parameters& parameters() const { return network.parameters(); }
  bool is_xnor() const { return options.backend == Backend::kXnorNet; }

  PackedLayer Geometry(const LayerSite& site) const;
  void AddHidden(size_t index);
  void AddOutput();

  std::vector<float> ScalesOf(const LayerSite& site) const;
  // Weights of a first layer, what its sums stand for, and the largest of them.
  void SetFirstWeights(const LayerSite& site, PackedLayer& layer, PreActivation& x,
                       int64_t& largest_sum);
  void SetFloatWeights(const LayerSite& site, PackedLayer& layer, PreActivation& x,
                       int64_t& largest_sum);
  void SetIntegerWeights(const LayerSite& site, PackedLayer& layer, PreActivation& x,
                         int64_t& largest_sum);
  void SetRounding(const std::function<float(double, uint32_t)>& value,
                   const std::vector<float>& scales, const at::Tensor& rounding,
                   const at::Tensor& weight, const PackedLayer& layer);
  void SetSigns(const std::vector<ChannelNorm>& norms, const PreActivation& x, int64_t largest_sum,
                PackedLayer& layer) const;
  void SetRectifier(const std::vector<ChannelNorm>& norms, const PreActivation& x,
                    int64_t largest_sum, PackedLayer& layer);
  void SetRealOutput(const LayerSite& site, PackedLayer& layer);
  void SetBinaryOutput(const LayerSite& site, PackedLayer& layer);

  double rectifier_step = 0;  // of xnor_net's last hidden layer
  double rectifier_bound = 0;
};

PackedLayer Maker::Geometry(const LayerSite& site) const {
  const auto narrow = [](int64_t number) { return static_cast<uint32_t>(number); };
  PackedLayer layer;
  layer.in_height = narrow(site.input.height);
  layer.in_width = narrow(site.input.width);
  layer.in_channels = narrow(site.input.channels);
  // A product that is no convolution sees all of its picture at once.
  const bool slides = site.product.is_convolution();
  layer.kernel_height = slides ? narrow(site.product.kernel_height()) : layer.in_height;
  layer.kernel_width = slides ? narrow(site.product.kernel_width()) : layer.in_width;
  layer.stride = narrow(site.product.stride());
  layer.outputs = narrow(site.product.outputs());
  if (site.product.fan_in() > kWidestSum) {
    throw std::invalid_argument(fmt::format(
        "{} adds {} numbers in one sum, and a packed network at most {}: make {}, or export with "
        "--format=safetensors",
        site.name, site.product.fan_in(), kWidestSum,
        site.is_first ? "the observation smaller (environment.screen_size, frame_stack)"
                      : "the layer before it narrower"));
  }
  return layer;
}

// alpha of xnor_net's binary weights, 1 elsewhere. [outputs]
std::vector<float> Maker::ScalesOf(const LayerSite& site) const {
  if (!is_xnor() || !HasBinaryWeights(site, options)) {
    return std::vector<float>(site.product.outputs(), 1.0f);
  }
  return Floats(ScalesOfWeights(parameters().Named(site.name + ".weight").detach()));
}

void Maker::SetFirstWeights(const LayerSite& site, PackedLayer& layer, PreActivation& x,
                            int64_t& largest_sum) {
  if (result.network.input_is_float) {
    SetFloatWeights(site, layer, x, largest_sum);
  } else if (HasBinaryWeights(site, options)) {
    layer.product = PACKED_NET_BYTES_BITS;
    layer.weights = WeightsOf(parameters().Named(site.name + ".weight"), layer);
    largest_sum = kLargestByte * layer.fan_in();
    x = [scales = ScalesOf(site), input_scale = site.input_scale](int64_t sum, uint32_t o) {
      const float scale = input_scale == 1 ? scales[o] : scales[o] * input_scale;
      return static_cast<float>(sum) * scale;
    };
  } else {
    SetIntegerWeights(site, layer, x, largest_sum);
  }
}

void Maker::SetFloatWeights(const LayerSite& site, PackedLayer& layer, PreActivation& x,
                            int64_t& largest_sum) {
  layer.product = PACKED_NET_FLOATS;
  const at::Tensor latent = parameters().Named(site.name + ".weight").detach();
  const bool is_binary = HasBinaryWeights(site, options);
  const at::Tensor weight = is_binary ? SignOfWeights(latent) : latent;
  layer.weights = WeightsOf(weight, layer);
  layer.bias = is_binary ? std::vector<float>(layer.outputs, 0.0f)
                         : Floats(parameters().Named(site.name + ".bias"));
  const std::vector<float> scales = ScalesOf(site);
  const auto value = [scales](double sum, uint32_t o) {
    return static_cast<float>(sum) * scales[o];
  };
  x = [value](int64_t place, uint32_t o) { return value(FloatAt(place), o); };
  largest_sum = PlaceOf(std::numeric_limits<float>::max());
  SetRounding(value, scales, at::zeros_like(weight), weight, layer);
}

void Maker::SetIntegerWeights(const LayerSite& site, PackedLayer& layer, PreActivation& x,
                              int64_t& largest_sum) {
  layer.product = PACKED_NET_BYTES_INT16;
  const at::Tensor weight = parameters().Named(site.name + ".weight").detach();
  const std::vector<float> weights = WeightsOf(weight, layer);
  layer.bias = Floats(parameters().Named(site.name + ".bias"));
  const size_t n = layer.fan_in();
  at::Tensor steps = at::empty({layer.outputs}, at::kDouble);
  for (uint32_t o = 0; o < layer.outputs; ++o) {
    const std::span<const float> row(weights.data() + o * n, n);
    const Quantised quantised = Quantise(row, LargestOnBytes(row));
    layer.weights.insert(layer.weights.end(), quantised.integers.begin(), quantised.integers.end());
    steps.data_ptr<double>()[o] = quantised.step;
  }
  const double scale = network.state_scale();
  const auto value = [bias = layer.bias, steps, scale](double sum, uint32_t o) {
    return static_cast<float>(sum * steps.const_data_ptr<double>()[o] * scale + bias[o]);
  };
  x = [value](int64_t sum, uint32_t o) { return value(static_cast<double>(sum), o); };
  largest_sum = std::numeric_limits<int32_t>::max();
  std::vector<int64_t> by_output(weight.dim(), 1);
  by_output[0] = -1;
  const at::Tensor step = steps.view(by_output), exact = weight.to(at::kDouble);
  SetRounding(value, ScalesOf(site), (exact - (exact / step).round() * step).abs(), weight, layer);
}

void Maker::SetRounding(const std::function<float(double, uint32_t)>& value,
                        const std::vector<float>& scales, const at::Tensor& rounding,
                        const at::Tensor& weight, const PackedLayer& layer) {
  // n + 1 additions of either order, and a product, in units of the last place.
  const double epsilon = (layer.fan_in() + 2) * double{std::numeric_limits<float>::epsilon()};
  result.first = {.value = value,
                  .scales = scales,
                  .rounding = at::empty_like(weight).copy_(rounding),
                  .magnitudes = at::empty_like(weight).copy_(weight.abs() * epsilon),
                  .bias = at::tensor(layer.bias, at::kFloat).abs() * epsilon};
}

void Maker::SetSigns(const std::vector<ChannelNorm>& norms, const PreActivation& x,
                     int64_t largest_sum, PackedLayer& layer) const {
  layer.activation = PACKED_NET_SIGN;
  for (uint32_t o = 0; o < layer.outputs; ++o) {
    const auto bit = [&](int64_t sum) { return norms[o](x(sum, o)) >= 0; };
    const Threshold threshold = FindThreshold(bit, -largest_sum, largest_sum);
    if (thresholds == Thresholds::kAsked) AskAround(threshold, bit, largest_sum, o);
    layer.flips.push_back(threshold.flip);
    if (layer.product == PACKED_NET_FLOATS) {
      const bool always = threshold.least == std::numeric_limits<int32_t>::min();
      layer.real_thresholds.push_back(always ? -std::numeric_limits<float>::infinity()
                                             : FloatAt(threshold.least));
    } else {
      layer.thresholds.push_back(static_cast<int32_t>(threshold.least));
    }
  }
}

// max(0, norm(x)) in steps of 1 / 2^24 of the largest that it can be. norm(x) is a straight line
// over the sums, but for the network's rounding.
void Maker::SetRectifier(const std::vector<ChannelNorm>& norms, const PreActivation& x,
                         int64_t largest_sum, PackedLayer& layer) {
  layer.activation = PACKED_NET_RECTIFIER;
  const bool is_float = layer.product == PACKED_NET_FLOATS;
  struct Line {
    double slope, offset;
  };
  std::vector<Line> lines;
  double greatest = 0;
  const double range = is_float ? kLargestObserved : static_cast<double>(largest_sum);
  for (uint32_t o = 0; o < layer.outputs; ++o) {
    const double zero = x(is_float ? PlaceOf(0.0f) : 0, o);
    const double one = is_float ? x(PlaceOf(1.0f), o) : x(largest_sum, o);
    const double slope = is_float ? one - zero : (one - zero) / static_cast<double>(largest_sum);
    const auto& [mean, scale, bias] = norms[o];
    lines.push_back({slope * scale, (zero - mean) * scale + bias});
    double reach = range;
    if (is_float) {
      reach = std::abs(layer.bias[o]);
      for (uint32_t i = 0; i < layer.fan_in(); ++i)
        reach += range * std::abs(layer.weights[o * layer.fan_in() + i]);
    }
    greatest = std::max(greatest, std::abs(lines.back().slope) * reach + lines.back().offset);
  }
  rectifier_step = greatest > 0 ? greatest / kLargestRectified : 1;
  rectifier_bound = rectifier_step / 2 + greatest * 4 * std::numeric_limits<float>::epsilon();
  double largest = 1;
  for (const Line& line : lines) {
    largest =
        std::max(largest, (std::abs(line.slope) * range + std::abs(line.offset)) / rectifier_step);
  }
  layer.shift = static_cast<uint32_t>(std::clamp(60 - std::ilogb(largest) - 1, 0, 40));
  for (const Line& line : lines) {
    if (is_float) {
      layer.real_factors.push_back(static_cast<float>(line.slope / rectifier_step));
      layer.real_offsets.push_back(static_cast<float>(line.offset / rectifier_step + 0.5));
    } else {
      const double unit = std::ldexp(1 / rectifier_step, static_cast<int>(layer.shift));
      layer.factors.push_back(std::llround(line.slope * unit));
      layer.offsets.push_back(
          std::llround(line.offset * unit + std::ldexp(0.5, static_cast<int>(layer.shift))));
    }
  }
}

void Maker::AddHidden(size_t index) {
  const LayerSite& site = network.sites()[index];
  PackedLayer layer = Geometry(site);
  PreActivation x;
  int64_t largest_sum = layer.fan_in();
  if (index == 0) {
    SetFirstWeights(site, layer, x, largest_sum);
  } else {
    layer.product = PACKED_NET_BITS_BITS;
    layer.weights = WeightsOf(parameters().Named(site.name + ".weight"), layer);
    x = [scales = ScalesOf(site)](int64_t sum, uint32_t o) {
      return static_cast<float>(sum) * scales[o];
    };
  }
  // bnn normalises behind the product, xnor_net in front of the next.
  const LayerSite& normaliser = is_xnor() ? network.sites()[index + 1] : site;
  const std::vector<ChannelNorm> norms =
      ChannelNorms(parameters(), normaliser.name + ".norm", options);
  const bool is_rectified =
      is_xnor() && index + 2 == network.sites().size() && options.last_layer == LayerKind::kReal;
  if (is_rectified) {
    SetRectifier(norms, x, largest_sum, layer);
  } else {
    SetSigns(norms, x, largest_sum, layer);
  }
  result.network.layers.push_back(std::move(layer));
}

void Maker::SetRealOutput(const LayerSite& site, PackedLayer& layer) {
  layer.product = is_xnor() ? PACKED_NET_INT32_INT16 : PACKED_NET_BITS_INT16;
  const std::vector<float> weights = WeightsOf(parameters().Named(site.name + ".weight"), layer);
  const Quantised quantised = Quantise(weights, kLargestWeight);
  const double input_step = is_xnor() ? rectifier_step : 1;
  layer.weights = quantised.integers;
  const uint32_t n = layer.fan_in();
  const double largest_input = is_xnor() ? kLargestRectified : 1;
  const std::vector<float> bias = Floats(parameters().Named(site.name + ".bias"));
  const double unit = quantised.step * input_step;
  // n + 1 additions of either order, and a product.
  const double epsilon = (n + 2) * double{std::numeric_limits<float>::epsilon()};
  result.value_rounding = at::zeros({layer.outputs, n}, at::kDouble);
  result.value_bounds = at::zeros({layer.outputs}, at::kDouble);
  double largest = 1;
  for (uint32_t o = 0; o < layer.outputs; ++o) {
    double sum = std::abs(bias[o]) / unit, beside = std::abs(bias[o]) * epsilon;
    for (uint32_t i = 0; i < n; ++i) {
      const double w = weights[o * n + i], rounded = quantised.integers[o * n + i];
      sum += std::abs(rounded) * largest_input;
      beside += std::abs(rounded) * quantised.step * (1 + epsilon) * rectifier_bound;
      result.value_rounding.data_ptr<double>()[o * n + i] =
          std::abs(w - rounded * quantised.step) + std::abs(w) * epsilon;
    }
    largest = std::max(largest, sum);
    result.value_bounds.data_ptr<double>()[o] = beside;
  }
  layer.shift = static_cast<uint32_t>(std::max(0, std::ilogb(largest) + 1 - kValueBits));
  for (uint32_t o = 0; o < layer.outputs; ++o) {
    layer.factors.push_back(1);
    layer.offsets.push_back(std::llround(bias[o] / unit));
  }
  result.network.value_scale = std::ldexp(unit, static_cast<int>(layer.shift));
  result.value_bounds += 2 * result.network.value_scale;
}

// (S - mean) scale + bias of bnn, alpha S + bias of xnor_net, in fixed point.
void Maker::SetBinaryOutput(const LayerSite& site, PackedLayer& layer) {
  layer.product = PACKED_NET_BITS_BITS;
  layer.weights = WeightsOf(parameters().Named(site.name + ".weight"), layer);
  std::vector<ChannelNorm> lines;
  if (is_xnor()) {
    const std::vector<float> alpha = ScalesOf(site);
    const std::vector<float> bias = Floats(parameters().Named(site.name + ".bias"));
    for (uint32_t o = 0; o < layer.outputs; ++o) lines.push_back({0, alpha[o], bias[o]});
  } else {
    lines = ChannelNorms(parameters(), site.name + ".norm", options);
  }
  double largest = 1e-30;
  for (const ChannelNorm& line : lines) {
    largest = std::max(
        largest, (layer.fan_in() + std::abs(double{line.mean})) * std::abs(double{line.scale}) +
                     std::abs(double{line.bias}));
  }
  layer.shift = 16;
  result.network.value_scale = std::ldexp(largest, -kValueBits);
  const double unit = std::ldexp(1 / result.network.value_scale, static_cast<int>(layer.shift));
  for (const ChannelNorm& line : lines) {
    layer.factors.push_back(std::llround(line.scale * unit));
    layer.offsets.push_back(std::llround((line.bias - double{line.mean} * line.scale) * unit));
  }
  const double bound =
      2 * result.network.value_scale + largest * 4 * std::numeric_limits<float>::epsilon();
  result.value_rounding = at::zeros({layer.outputs, layer.fan_in()}, at::kDouble);
  result.value_bounds = at::full({layer.outputs}, bound, at::kDouble);
}

void Maker::AddOutput() {
  const LayerSite& site = network.sites().back();
  PackedLayer layer = Geometry(site);
  layer.activation = PACKED_NET_VALUES;
  if (options.last_layer == LayerKind::kReal) {
    SetRealOutput(site, layer);
  } else {
    SetBinaryOutput(site, layer);
  }
  result.network.layers.push_back(std::move(layer));
}

}  // namespace

PackedExport PackNetwork(const QNetwork& network, const NetworkSection& options,
                         const ObservationSpec& observation, Thresholds thresholds) {
  if (options.backend != Backend::kBnn && options.backend != Backend::kXnorNet) {
    throw std::invalid_argument(
        fmt::format("network.backend is {}, whose activations are real numbers; only bnn and "
                    "xnor_net are packed; --format=safetensors takes any network",
                    kBackendNames[static_cast<size_t>(options.backend)]));
  }
  PackedExport result;
  result.network.input_is_float = observation.type == ElementType::kFloat32;
  result.network.height = static_cast<uint32_t>(observation.height);
  result.network.width = static_cast<uint32_t>(observation.width);
  result.network.channels = static_cast<uint32_t>(observation.channels * observation.stack);
  result.network.actions = static_cast<uint32_t>(network.sites().back().product.outputs());
  Maker maker{network, options, thresholds, result};
  for (size_t i = 0; i + 1 < network.sites().size(); ++i) maker.AddHidden(i);
  maker.AddOutput();
  return result;
}

}  // namespace dqnd
