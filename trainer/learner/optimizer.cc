#include "trainer/learner/optimizer.h"

#include <algorithm>
#include <cmath>

#include <ATen/ATen.h>

#include "base/vectorized.h"

namespace dqnd {
namespace {

// While it lives, this thread's numbers below 1e-38 are 0. A moment whose gradient stays 0 decays
// into that range and would then cost a hundred times as much at every step.
class FlushDenormals {
 public:
  FlushDenormals() { at::globalContext().setFlushDenormal(true); }
  ~FlushDenormals() { at::globalContext().setFlushDenormal(false); }
  FlushDenormals(const FlushDenormals&) = delete;
  FlushDenormals& operator=(const FlushDenormals&) = delete;
};

struct Slice {
  float* theta;
  const float* gradient;
  float* m;
  float* v;
  int64_t size;
};

DQND_VECTORIZED
void AdamStep(const Slice& s, float factor, float beta1, float beta2, float step_size,
              float root_correction, float epsilon) {
  for (int64_t i = 0; i < s.size; ++i) {
    const float g = s.gradient[i] * factor;
    s.m[i] += (1 - beta1) * (g - s.m[i]);
    s.v[i] = beta2 * s.v[i] + (1 - beta2) * g * g;
    s.theta[i] -= step_size * s.m[i] / (std::sqrt(s.v[i]) / root_correction + epsilon);
  }
}

DQND_VECTORIZED
void RmspropStep(const Slice& s, float factor, float alpha, float learning_rate, float epsilon) {
  for (int64_t i = 0; i < s.size; ++i) {
    const float g = s.gradient[i] * factor;
    s.v[i] = alpha * s.v[i] + (1 - alpha) * g * g;
    s.theta[i] -= learning_rate * g / (std::sqrt(s.v[i]) + epsilon);
  }
}

DQND_VECTORIZED
void CenteredRmspropStep(const Slice& s, float factor, float alpha, float learning_rate,
                         float epsilon_outside, float epsilon_inside) {
  for (int64_t i = 0; i < s.size; ++i) {
    const float g = s.gradient[i] * factor;
    s.v[i] = alpha * s.v[i] + (1 - alpha) * g * g;
    s.m[i] += (1 - alpha) * (g - s.m[i]);
    // The variance is never negative but for rounding. A NaN stays one.
    const float difference = s.v[i] - s.m[i] * s.m[i];
    const float variance = difference < 0 ? 0 : difference;
    s.theta[i] -= learning_rate * g / (std::sqrt(variance + epsilon_inside) + epsilon_outside);
  }
}

// Sums of kLanes numbers side by side: one order of additions, whatever the vector width.
constexpr int64_t kLanes = 16;

DQND_VECTORIZED
double SquaredNorm(const float* values, int64_t size) {
  float sums[kLanes] = {};
  const int64_t whole = size - size % kLanes;
  for (int64_t i = 0; i < whole; i += kLanes) {
    for (int64_t lane = 0; lane < kLanes; ++lane) {
      sums[lane] += values[i + lane] * values[i + lane];
    }
  }
  double total = 0;
  for (float sum : sums) total += sum;
  for (int64_t i = whole; i < size; ++i) total += static_cast<double>(values[i]) * values[i];
  return total;
}

// 0 * x is NaN for an infinite or undefined x, and NaN stays in a sum: no branch in the loop.
DQND_VECTORIZED
bool IsFinite(const float* values, int64_t size) {
  float sums[kLanes] = {};
  const int64_t whole = size - size % kLanes;
  for (int64_t i = 0; i < whole; i += kLanes) {
    for (int64_t lane = 0; lane < kLanes; ++lane) sums[lane] += 0.0f * values[i + lane];
  }
  float total = 0;
  for (float sum : sums) total += sum;
  for (int64_t i = whole; i < size; ++i) total += 0.0f * values[i];
  return total == 0;
}

// Numbers of a piece: enough that threads are busy for a while, and that its part of everything
// that a step reads and writes stays in a cache.
constexpr int64_t kPieceSize = 16'384;

}  // namespace

Optimizer::Optimizer(const OptimizerSection& options, const Parameters& parameters,
                     ThreadTeam& team)
    : options_(options),
      parameters_(parameters.trained()),
      team_(team),
      worth_sharing_(parameters.count() > 2 * kPieceSize) {
  for (size_t i = 0; i < parameters_.size(); ++i) {
    const int64_t size = parameters_[i].value.numel();
    moments_.push_back({std::vector<float>(size), std::vector<float>(size)});
    for (int64_t begin = 0; begin < size; begin += kPieceSize) {
      pieces_.push_back({.parameter = i,
                         .begin = begin,
                         .size = std::min(kPieceSize, size - begin),
                         .squared_norm = 0,
                         .finite = true});
    }
  }
}

const float* Optimizer::GradientOf(const Piece& piece) const {
  return parameters_[piece.parameter].value.grad().const_data_ptr<float>() + piece.begin;
}

double Optimizer::NormOfPieces() const {
  double squared = 0;
  for (const Piece& piece : pieces_) squared += piece.squared_norm;
  return std::sqrt(squared);
}

double Optimizer::GradientNorm() {
  const auto of_piece = [this](int64_t i) {
    pieces_[i].squared_norm = SquaredNorm(GradientOf(pieces_[i]), pieces_[i].size);
  };
  team_.For(static_cast<int64_t>(pieces_.size()), of_piece, worth_sharing_);
  return NormOfPieces();
}

Optimizer::Outcome Optimizer::Step(std::optional<double> max_norm) {
  float factor = 1;
  if (max_norm) {
    const double norm = GradientNorm();
    if (!std::isfinite(norm)) return {norm, false};
    if (norm > *max_norm) factor = static_cast<float>(*max_norm / norm);
  }
  ++steps_;
  const auto learning_rate = static_cast<float>(options_.learning_rate);
  // ResolveDefaults has set them all.
  const auto alpha = static_cast<float>(options_.alpha.value_or(0));
  const auto epsilon = static_cast<float>(options_.epsilon.value_or(0));
  const bool centered = options_.centered.value_or(false);
  const double beta1 = options_.beta1, beta2 = options_.beta2;
  const double mean_correction = 1 - std::pow(beta1, static_cast<double>(steps_));
  const double root_correction = std::sqrt(1 - std::pow(beta2, static_cast<double>(steps_)));

  const auto of_piece = [&](int64_t i) {
    const FlushDenormals flush;
    Piece& piece = pieces_[i];
    Moments& moments = moments_[piece.parameter];
    const Slice slice{parameters_[piece.parameter].value.data_ptr<float>() + piece.begin,
                      GradientOf(piece), moments.mean.data() + piece.begin,
                      moments.squared_mean.data() + piece.begin, piece.size};
    if (!max_norm) piece.squared_norm = SquaredNorm(slice.gradient, slice.size);
    switch (options_.name) {
      case OptimizerName::kAdam:
        AdamStep(slice, factor, static_cast<float>(beta1), static_cast<float>(beta2),
                 static_cast<float>(options_.learning_rate / mean_correction),
                 static_cast<float>(root_correction), epsilon);
        break;
      case OptimizerName::kRmsprop:
        if (centered) {
          CenteredRmspropStep(slice, factor, alpha, learning_rate, epsilon, 0);
        } else {
          RmspropStep(slice, factor, alpha, learning_rate, epsilon);
        }
        break;
      case OptimizerName::kRmspropNature:
        CenteredRmspropStep(slice, factor, alpha, learning_rate, 0, epsilon);
        break;
    }
    piece.finite = IsFinite(slice.theta, slice.size);
  };
  team_.For(static_cast<int64_t>(pieces_.size()), of_piece, worth_sharing_);
  const double norm = NormOfPieces();
  return {norm, std::isfinite(norm) && std::ranges::all_of(pieces_, &Piece::finite)};
}

std::vector<NamedTensor> Optimizer::State() const {
  const bool adam = options_.name == OptimizerName::kAdam;
  std::vector<NamedTensor> state;
  for (size_t i = 0; i < moments_.size(); ++i) {
    const NamedTensor& parameter = parameters_[i];
    const auto add = [&](const char* name, const std::vector<float>& values) {
      // The moments lie in memory as their parameter does.
      const at::Tensor view =
          at::from_blob(const_cast<float*>(values.data()), parameter.value.sizes(),
                        parameter.value.strides(), at::kFloat);
      state.push_back({parameter.name + name, view, parameter.shape});
    };
    add(adam ? ".exp_avg" : ".grad_avg", moments_[i].mean);
    add(adam ? ".exp_avg_sq" : ".square_avg", moments_[i].squared_mean);
  }
  return state;
}

}  // namespace dqnd
