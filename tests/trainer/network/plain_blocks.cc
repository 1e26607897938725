#include "tests/trainer/network/plain_blocks.h"

#include <algorithm>
#include <cmath>

namespace dqnd::plain {
namespace {

constexpr double kEpsilon = 1e-5;

// What stands for the derivative of sign(x).
double SlopeOfSign(double x, Ste ste) {
  switch (ste) {
    case Ste::kIdentity:
      return 1;
    case Ste::kHardTanh:
      return std::abs(x) <= 1 ? 1 : 0;
    case Ste::kBireal:
      return std::abs(x) < 1 ? 2 - 2 * std::abs(x) : 0;
  }
  return 0;
}

}  // namespace

double Sign(double x) {
  return x >= 0 ? 1 : -1;
}

void MeanAndVariance(const Grid& x, std::vector<double>& mean, std::vector<double>& variance) {
  mean.assign(x.channels, 0);
  variance.assign(x.channels, 0);
  for (int64_t c = 0; c < x.channels; ++c) {
    for (int64_t r = 0; r < x.rows; ++r) mean[c] += x.at(r, c) / x.rows;
    for (int64_t r = 0; r < x.rows; ++r) {
      variance[c] += (x.at(r, c) - mean[c]) * (x.at(r, c) - mean[c]) / x.rows;
    }
  }
}

double Block::Scale(int64_t output) const {
  const Grid& weight = numbers.weight;
  if (backend != Backend::kXnorNet) return 1;
  double sum = 0;
  for (int64_t i = 0; i < weight.channels; ++i) sum += std::abs(weight.at(output, i));
  return sum / weight.channels;
}

Grid Block::Sums(const Grid& x) const {
  Grid y{static_cast<int64_t>(connections.size()), numbers.weight.rows};
  for (int64_t r = 0; r < y.rows; ++r) {
    for (int64_t o = 0; o < y.channels; ++o) {
      for (size_t i = 0; i < connections[r].size(); ++i) {
        y.at(r, o) += Sign(numbers.weight.at(o, i)) * x.numbers[connections[r][i]];
      }
    }
  }
  return y;
}

Grid Block::Normalised(const Grid& x) const {
  Grid y{x.rows, x.channels};
  for (int64_t r = 0; r < x.rows; ++r) {
    for (int64_t c = 0; c < x.channels; ++c) {
      y.at(r, c) =
          numbers.norm_weight[c] * (x.at(r, c) - mean[c]) / std::sqrt(variance[c] + kEpsilon) +
          numbers.norm_bias[c];
    }
  }
  return y;
}

Grid Block::NormalisedBackward(const Grid& x, const Grid& above, Numbers& gradients) const {
  Grid below{x.rows, x.channels};
  gradients.norm_weight.assign(x.channels, 0);
  gradients.norm_bias.assign(x.channels, 0);
  for (int64_t c = 0; c < x.channels; ++c) {
    const double inverse = 1 / std::sqrt(variance[c] + kEpsilon);
    const auto standard = [&](int64_t r) { return (x.at(r, c) - mean[c]) * inverse; };
    for (int64_t r = 0; r < x.rows; ++r) {
      gradients.norm_bias[c] += above.at(r, c);
      gradients.norm_weight[c] += above.at(r, c) * standard(r);
    }
    for (int64_t r = 0; r < x.rows; ++r) {
      double slope = above.at(r, c);
      if (by_batch) {
        slope -= (gradients.norm_bias[c] + standard(r) * gradients.norm_weight[c]) / x.rows;
      }
      below.at(r, c) = slope * inverse * numbers.norm_weight[c];
    }
  }
  return below;
}

Grid Block::Forward(const Grid& x) {
  input = x;
  if (backend == Backend::kXnorNet) {  // normalisation, sign, product
    normalised = Normalised(input);
    activations = normalised;
    std::ranges::transform(normalised.numbers, activations.numbers.begin(), Sign);
    sums = Sums(activations);
    Grid output = sums;
    for (int64_t r = 0; r < output.rows; ++r) {
      for (int64_t o = 0; o < output.channels; ++o) output.at(r, o) *= Scale(o);
    }
    return output;
  }
  sums = Sums(input);  // product, normalisation, sign or rectifier
  normalised = Normalised(sums);
  Grid output = normalised;
  std::ranges::transform(normalised.numbers, output.numbers.begin(), [this](double y) {
    return backend == Backend::kBnn ? Sign(y) : std::max(y, 0.0);
  });
  return output;
}

Block::Gradients Block::Backward(const Grid& above) {
  const bool is_xnor = backend == Backend::kXnorNet;
  const Grid& weight = numbers.weight;
  Gradients gradients;
  gradients.input = Grid{input.rows, input.channels};
  gradients.numbers.weight = Grid{weight.rows, weight.channels};

  Grid of_sums = above;
  if (is_xnor) {
    for (int64_t r = 0; r < of_sums.rows; ++r) {
      for (int64_t o = 0; o < of_sums.channels; ++o) of_sums.at(r, o) *= Scale(o);
    }
  } else {
    for (size_t i = 0; i < of_sums.numbers.size(); ++i) {
      const double y = normalised.numbers[i];
      of_sums.numbers[i] *= backend == Backend::kBnn ? SlopeOfSign(y, ste) : y > 0;
    }
    of_sums = NormalisedBackward(sums, of_sums, gradients.numbers);
  }

  const Grid& multiplied = is_xnor ? activations : input;
  Grid of_multiplied{multiplied.rows, multiplied.channels};
  for (int64_t r = 0; r < of_sums.rows; ++r) {
    for (int64_t o = 0; o < of_sums.channels; ++o) {
      for (size_t i = 0; i < connections[r].size(); ++i) {
        const int64_t from = connections[r][i];
        of_multiplied.numbers[from] += of_sums.at(r, o) * Sign(weight.at(o, i));
        gradients.numbers.weight.at(o, i) += of_sums.at(r, o) * multiplied.numbers[from];
      }
    }
  }
  if (!is_xnor) {
    gradients.input = of_multiplied;
    return gradients;
  }

  for (int64_t o = 0; o < weight.rows; ++o) {
    double of_scale = 0;
    for (int64_t r = 0; r < above.rows; ++r) of_scale += above.at(r, o) * sums.at(r, o);
    for (int64_t i = 0; i < weight.channels; ++i) {
      double& gradient = gradients.numbers.weight.at(o, i);
      if (std::abs(weight.at(o, i)) > 1) gradient = 0;
      gradient += of_scale * Sign(weight.at(o, i)) / weight.channels;
    }
  }
  for (size_t i = 0; i < of_multiplied.numbers.size(); ++i) {
    of_multiplied.numbers[i] *= SlopeOfSign(normalised.numbers[i], ste);
  }
  gradients.input = NormalisedBackward(input, of_multiplied, gradients.numbers);
  return gradients;
}

}  // namespace dqnd::plain
