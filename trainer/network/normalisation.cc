#include "trainer/network/normalisation.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/custom_function.h>

#include "base/vectorized.h"

namespace dqnd {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr float kSmallestMomentum = 0.01f;  // of the running statistics

// A float32's exponent, and what carries a mantissa above the root of 2 into it.
constexpr int32_t kExponent = 0x7f80'0000, kHalfWayUp = 0x0080'0000 - 0x0035'04f3 - 1;

// The power of two that is nearest to x by its logarithm, with its sign; 0 for 0: AP2 in Hubara et
// al. 2016.
float NearestPowerOfTwo(float x) {
  const auto bits = std::bit_cast<uint32_t>(x);
  const uint32_t sign = bits & 0x8000'0000, magnitude = bits & 0x7fff'ffff;
  return std::bit_cast<float>(sign | ((magnitude + kHalfWayUp) & kExponent));
}

// x as its numbers lie in memory: [rows, channels].
struct Rows {
  const float* numbers;
  int64_t rows;
  int64_t channels;
};

Rows RowsOf(const at::Tensor& x) {
  assert(x.is_cpu());
  return {x.const_data_ptr<float>(), x.numel() / x.size(1), x.size(1)};
}

// x, or a copy with channels last.
at::Tensor ChannelsLast(const at::Tensor& x) {
  return x.contiguous(x.dim() == 4 ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous);
}

DQND_VECTORIZED
void AddToSums(const Rows& x, double* sums) {
  const float* row = x.numbers;
  for (int64_t r = 0; r < x.rows; ++r, row += x.channels) {
    for (int64_t c = 0; c < x.channels; ++c) sums[c] += row[c];
  }
}

DQND_VECTORIZED
void AddToSquares(const Rows& x, const float* mean, double* sums) {
  const float* row = x.numbers;
  for (int64_t r = 0; r < x.rows; ++r, row += x.channels) {
    for (int64_t c = 0; c < x.channels; ++c) {
      const double difference = row[c] - mean[c];
      sums[c] += difference * difference;
    }
  }
}

void AddToShiftedSquares(const Rows& x, const float* mean, double* sums) {
  const float* row = x.numbers;
  for (int64_t r = 0; r < x.rows; ++r, row += x.channels) {
    for (int64_t c = 0; c < x.channels; ++c) {
      const float difference = row[c] - mean[c];
      sums[c] += difference * NearestPowerOfTwo(difference);
    }
  }
}

DQND_VECTORIZED
void WriteNormalised(const Rows& x, const float* mean, const float* scale, const float* bias,
                     float* y) {
  const float* row = x.numbers;
  for (int64_t r = 0; r < x.rows; ++r, row += x.channels, y += x.channels) {
    for (int64_t c = 0; c < x.channels; ++c) y[c] = (row[c] - mean[c]) * scale[c] + bias[c];
  }
}

// gradient_of_bias: the sum of `above`; gradient_of_weight: that of `above` times the normalised x.
DQND_VECTORIZED
void SumGradients(const Rows& x, const float* above, const float* mean, const float* inverse,
                  double* gradient_of_weight, double* gradient_of_bias) {
  const float* row = x.numbers;
  for (int64_t r = 0; r < x.rows; ++r, row += x.channels, above += x.channels) {
    for (int64_t c = 0; c < x.channels; ++c) {
      gradient_of_bias[c] += above[c];
      gradient_of_weight[c] += above[c] * ((row[c] - mean[c]) * inverse[c]);
    }
  }
}

DQND_VECTORIZED
void GradientByConstants(const Rows& x, const float* above, const float* scale, float* below) {
  for (int64_t r = 0; r < x.rows; ++r, above += x.channels, below += x.channels) {
    for (int64_t c = 0; c < x.channels; ++c) below[c] = above[c] * scale[c];
  }
}

// As Ioffe and Szegedy 2015 derive it: what the batch's own mean and variance answer is taken off.
DQND_VECTORIZED
void GradientByBatch(const Rows& x, const float* above, const float* mean, const float* inverse,
                     const float* scale, const float* mean_of_weight, const float* mean_of_bias,
                     float* below) {
  const float* row = x.numbers;
  for (int64_t r = 0; r < x.rows;
       ++r, row += x.channels, above += x.channels, below += x.channels) {
    for (int64_t c = 0; c < x.channels; ++c) {
      const float normalised = (row[c] - mean[c]) * inverse[c];
      below[c] = scale[c] * (above[c] - mean_of_bias[c] - normalised * mean_of_weight[c]);
    }
  }
}

struct MeanAndVariance {
  at::Tensor mean, variance;  // [channels]
};

struct Gradients {
  at::Tensor of_x, of_weight, of_bias;
};

// What y = (x - mean) scale + bias depends on beside x and bias; each [channels].
struct Constants {
  at::Tensor mean, inverse, scale;
};

// Each of these in both ways; x has channels last in memory.
struct Loops {
  // Over the batch and the positions of a picture.
  static MeanAndVariance StatisticsOf(const at::Tensor& input, bool shift_based) {
    const Rows x = RowsOf(input);
    const auto count = static_cast<double>(x.rows);
    std::vector<double> sums(x.channels), squares(x.channels);
    AddToSums(x, sums.data());
    const at::Tensor mean = ToFloat(sums, count);
    const auto add = shift_based ? AddToShiftedSquares : AddToSquares;
    add(x, mean.const_data_ptr<float>(), squares.data());
    return {mean, ToFloat(squares, count)};
  }

  // 1 / sqrt(variance + epsilon)
  static at::Tensor InverseOf(const at::Tensor& variance, bool shift_based) {
    at::Tensor inverse = at::empty_like(variance);
    const float* from = variance.const_data_ptr<float>();
    std::transform(from, from + variance.numel(), inverse.data_ptr<float>(), [=](float v) {
      const float root = 1 / std::sqrt(v + kNormalisationEpsilon);
      return shift_based ? NearestPowerOfTwo(root) : root;
    });
    return inverse;
  }

  static at::Tensor ScaleOf(const at::Tensor& weight, const at::Tensor& inverse, bool shift_based) {
    at::Tensor scale = at::empty_like(inverse);
    const float* from = weight.const_data_ptr<float>();
    std::transform(from, from + weight.numel(), inverse.const_data_ptr<float>(),
                   scale.data_ptr<float>(),
                   [=](float w, float i) { return (shift_based ? NearestPowerOfTwo(w) : w) * i; });
    return scale;
  }

  static at::Tensor Normalised(const at::Tensor& x, const Constants& constants,
                               const at::Tensor& bias) {
    at::Tensor y = at::empty_like(x);
    WriteNormalised(RowsOf(x), constants.mean.const_data_ptr<float>(),
                    constants.scale.const_data_ptr<float>(), bias.const_data_ptr<float>(),
                    y.data_ptr<float>());
    return y;
  }

  static Gradients GradientsOf(const at::Tensor& input, const Constants& constants,
                               const at::Tensor& gradient, bool by_batch) {
    const Rows x = RowsOf(input);
    const auto* mean = constants.mean.const_data_ptr<float>();
    const auto* inverse = constants.inverse.const_data_ptr<float>();
    const auto* scale = constants.scale.const_data_ptr<float>();
    const auto* above = gradient.const_data_ptr<float>();
    std::vector<double> of_weight(x.channels), of_bias(x.channels);
    SumGradients(x, above, mean, inverse, of_weight.data(), of_bias.data());
    at::Tensor below = at::empty_like(input);
    if (by_batch) {
      const auto count = static_cast<double>(x.rows);
      const at::Tensor mean_of_weight = ToFloat(of_weight, count);
      const at::Tensor mean_of_bias = ToFloat(of_bias, count);
      GradientByBatch(x, above, mean, inverse, scale, mean_of_weight.const_data_ptr<float>(),
                      mean_of_bias.const_data_ptr<float>(), below.data_ptr<float>());
    } else {
      GradientByConstants(x, above, scale, below.data_ptr<float>());
    }
    return {below, ToFloat(of_weight, 1), ToFloat(of_bias, 1)};
  }

 private:
  static at::Tensor ToFloat(const std::vector<double>& numbers, double divisor) {
    at::Tensor tensor = at::empty({static_cast<int64_t>(numbers.size())}, at::kFloat);
    std::ranges::transform(numbers, tensor.data_ptr<float>(),
                           [=](double number) { return static_cast<float>(number / divisor); });
    return tensor;
  }
};

struct Operations {
  static MeanAndVariance StatisticsOf(const at::Tensor& x, bool shift_based) {
    const at::Tensor mean = Sum(x).div(Count(x)).to(at::kFloat);
    const at::Tensor difference = x - OfChannels(mean, x);
    const at::Tensor squares = shift_based ? difference * NearestPowersOfTwo(difference)
                                           : difference.to(at::kDouble).square();
    return {mean, Sum(squares).div(Count(x)).to(at::kFloat)};
  }

  static at::Tensor InverseOf(const at::Tensor& variance, bool shift_based) {
    const at::Tensor inverse = variance.add(kNormalisationEpsilon).sqrt().reciprocal();
    return shift_based ? NearestPowersOfTwo(inverse) : inverse;
  }

  static at::Tensor ScaleOf(const at::Tensor& weight, const at::Tensor& inverse, bool shift_based) {
    return (shift_based ? NearestPowersOfTwo(weight) : weight) * inverse;
  }

  static at::Tensor Normalised(const at::Tensor& x, const Constants& constants,
                               const at::Tensor& bias) {
    return (x - OfChannels(constants.mean, x)) * OfChannels(constants.scale, x) +
           OfChannels(bias, x);
  }

  static Gradients GradientsOf(const at::Tensor& x, const Constants& constants,
                               const at::Tensor& above, bool by_batch) {
    const at::Tensor normalised =
        (x - OfChannels(constants.mean, x)) * OfChannels(constants.inverse, x);
    const at::Tensor of_weight = Sum(above * normalised), of_bias = Sum(above);
    const auto mean_of = [&x](const at::Tensor& sums) {
      return OfChannels(sums.div(Count(x)).to(at::kFloat), x);
    };
    const at::Tensor rest =
        by_batch ? above - mean_of(of_bias) - normalised * mean_of(of_weight) : above;
    return {OfChannels(constants.scale, x) * rest, of_weight.to(at::kFloat),
            of_bias.to(at::kFloat)};
  }

 private:
  static double Count(const at::Tensor& x) {
    return static_cast<double>(x.numel()) / static_cast<double>(x.size(1));
  }
  // float64 [channels]
  static at::Tensor Sum(const at::Tensor& x) {
    const std::vector<int64_t> pixels = {0, 2, 3}, vectors = {0};
    return x.sum(x.dim() == 4 ? pixels : vectors, /*keepdim=*/false, at::kDouble);
  }
  // [channels], to meet x.
  static at::Tensor OfChannels(const at::Tensor& numbers, const at::Tensor& x) {
    return x.dim() == 4 ? numbers.view({-1, 1, 1}) : numbers;
  }
  // NearestPowerOfTwo of each.
  static at::Tensor NearestPowersOfTwo(const at::Tensor& x) {
    const at::Tensor bits = x.view(at::kInt);
    const at::Tensor sign = bits.bitwise_and(std::numeric_limits<int32_t>::min());
    const at::Tensor rounded = bits.bitwise_and(0x7fff'ffff).add(kHalfWayUp).bitwise_and(kExponent);
    return rounded.bitwise_or(sign).view(at::kFloat);
  }
};

// y = (x - mean) scale + bias. Rounding to powers of two is passed straight through.
template <typename By>
struct Normalise : torch::autograd::Function<Normalise<By>> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x,
                            const at::Tensor& /*weight*/, const at::Tensor& bias,
                            const at::Tensor& mean, const at::Tensor& inverse,
                            const at::Tensor& scale, bool by_batch) {
    context->saved_data["by_batch"] = by_batch;
    context->save_for_backward({x, mean, inverse, scale});
    return By::Normalised(x, {mean, inverse, scale}, bias);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const Gradients below =
        By::GradientsOf(saved[0], {saved[1], saved[2], saved[3]}, ChannelsLast(gradients[0]),
                        context->saved_data["by_batch"].toBool());
    return {below.of_x, below.of_weight, below.of_bias, {}, {}, {}, {}};
  }
};

}  // namespace

Normalisation::Normalisation(const std::string& name, int64_t channels,
                             const NetworkSection& options, Parameters& parameters)
    : weight_(parameters.Add(name + ".weight", at::ones({channels}, at::kFloat))),
      bias_(parameters.Add(name + ".bias", at::zeros({channels}, at::kFloat))),
      running_mean_(
          parameters.AddStatistic(name + ".running_mean", at::zeros({channels}, at::kFloat))),
      running_var_(
          parameters.AddStatistic(name + ".running_var", at::ones({channels}, at::kFloat))),
      num_batches_tracked_(
          parameters.AddStatistic(name + ".num_batches_tracked", at::zeros({}, at::kFloat))),
      by_batch_(options.normalisation == NormalisationMode::kBatch),
      shift_based_(options.shift_based_normalisation) {}

void Normalisation::TakeIn(const at::Tensor& mean, const at::Tensor& variance,
                           int64_t count) const {
  const c10::NoGradGuard no_grad;
  const at::Tensor momentum =
      num_batches_tracked_.add_(1).reciprocal().clamp_min(kSmallestMomentum);
  running_mean_.lerp_(mean, momentum);
  // The variance of all states as their sample sees it, as PyTorch has it.
  const auto n = static_cast<double>(count);
  running_var_.lerp_(variance * (n > 1 ? n / (n - 1) : 1.0), momentum);
}

at::Tensor Normalisation::Apply(const at::Tensor& input, const Pass& pass) const {
  return pass.by == ComputedBy::kLoops ? ApplyBy<Loops>(input, pass)
                                       : ApplyBy<Operations>(input, pass);
}

template <typename By>
at::Tensor Normalisation::ApplyBy(const at::Tensor& input, const Pass& pass) const {
  const at::Tensor x = ChannelsLast(input);
  MeanAndVariance used = {running_mean_, running_var_};
  if (pass.is_update) {
    const MeanAndVariance batch = By::StatisticsOf(x.detach(), shift_based_);
    TakeIn(batch.mean, batch.variance, x.numel() / x.size(1));
    if (by_batch_) used = batch;
  }
  const at::Tensor inverse = By::InverseOf(used.variance, shift_based_);
  const at::Tensor scale = By::ScaleOf(weight_.detach(), inverse, shift_based_);
  return Normalise<By>::apply(x, weight_, bias_, used.mean, inverse, scale,
                              by_batch_ && pass.is_update);
}

std::vector<ChannelNorm> ChannelNorms(const Parameters& parameters, const std::string& name,
                                      const NetworkSection& options) {
  const at::Tensor weight = parameters.Named(name + ".weight");
  const at::Tensor bias = parameters.Named(name + ".bias");
  const at::Tensor mean = parameters.Named(name + ".running_mean");
  const bool shift_based = options.shift_based_normalisation;
  const at::Tensor scale = Loops::ScaleOf(
      weight, Loops::InverseOf(parameters.Named(name + ".running_var"), shift_based), shift_based);
  std::vector<ChannelNorm> norms;
  norms.reserve(weight.numel());
  for (int64_t c = 0; c < weight.numel(); ++c) {
    norms.push_back({mean.const_data_ptr<float>()[c], scale.const_data_ptr<float>()[c],
                     bias.const_data_ptr<float>()[c]});
  }
  return norms;
}

}  // namespace dqnd
