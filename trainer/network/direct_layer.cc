#include "trainer/network/direct_layer.h"

#include <algorithm>

#include "base/vectorized.h"
#include "trainer/kernels/products.h"

namespace dqnd {
namespace {

// Whether so many products take longer than another thread takes to begin.
bool WorthSharing(int64_t products) {
  return products >= 400'000;
}

// Weights of a fully connected layer that are transposed sooner than their sums would be made in
// the other order.
constexpr int64_t kFewWeights = 16'384;
constexpr int64_t kFewOutputs = 16;

// Outputs, or inputs, of a fully connected layer that one thread computes at a time.
constexpr int64_t kOutputsAtOnce = 16;
constexpr int64_t kInputsAtOnce = 128;

// Rows of a picture or a batch, of `count` numbers each, that begin `stride` numbers apart.
struct Rows {
  int64_t rows, count, stride;
};

DQND_VECTORIZED
void AddBias(const Rows& of, const float* bias, bool rectified, float* y) {
  for (int64_t row = 0; row < of.rows; ++row, y += of.stride) {
    if (rectified) {
      for (int64_t i = 0; i < of.count; ++i) {
        const float sum = y[i] + bias[i];
        y[i] = sum < 0 ? 0 : sum;  // what is not a number stays so
      }
    } else {
      for (int64_t i = 0; i < of.count; ++i) y[i] += bias[i];
    }
  }
}

// dx = 0 where x was cut off.
DQND_VECTORIZED
void CutOff(const Rows& of, const float* x, float* dx) {
  for (int64_t row = 0; row < of.rows; ++row, x += of.stride, dx += of.stride) {
    for (int64_t i = 0; i < of.count; ++i) dx[i] = x[i] > 0 ? dx[i] : 0;
  }
}

// sums[i] += rows[0][i] + rows[1][i] + ...
DQND_VECTORIZED
void AddRows(const float* rows, int64_t count, int64_t width, float* sums) {
  for (int64_t row = 0; row < count; ++row, rows += width) {
    for (int64_t i = 0; i < width; ++i) sums[i] += rows[i];
  }
}

// [rows, columns] -> [columns, rows]
DQND_VECTORIZED
void Transpose(const float* from, int64_t rows, int64_t columns, float* to) {
  constexpr int64_t kBlock = 16;
  for (int64_t row = 0; row < rows; row += kBlock) {
    for (int64_t column = 0; column < columns; ++column) {
      const int64_t end = std::min(row + kBlock, rows);
      for (int64_t r = row; r < end; ++r) to[column * rows + r] = from[r * columns + column];
    }
  }
}

int64_t Parts(int64_t numbers, int64_t at_once) {
  return (numbers + at_once - 1) / at_once;
}

}  // namespace

void DirectLayer::WeightsChanged(const float* weights) {
  const bool pays =
      shape_.outputs >= kFewOutputs && shape_.outputs * shape_.fan_in() <= kFewWeights;
  if (shape_.is_fully_connected() && !pays) return;
  transposed_.resize(shape_.outputs * shape_.fan_in());
  Transpose(weights, shape_.outputs, shape_.fan_in(), transposed_.data());
}

void DirectLayer::Forward(int64_t batch, const float* x, const float* weights, const float* bias,
                          float* y) {
  if (!shape_.is_fully_connected()) return Convolve(batch, x, bias, y);
  const int64_t outputs = shape_.outputs, fan_in = shape_.fan_in();
  if (!transposed_.empty()) {
    Compute(ProductSum{.rows = batch,
                       .columns = outputs,
                       .length = fan_in,
                       .a = x,
                       .a_row = fan_in,
                       .b = transposed_.data(),
                       .b_step = outputs,
                       .c = y,
                       .c_row = outputs});
    return AddBias({batch, outputs, outputs}, bias, rectified_, y);
  }
  const auto part = [&](int64_t i) {
    const int64_t first = i * kOutputsAtOnce, count = std::min(kOutputsAtOnce, outputs - first);
    Compute(RowProducts{.rows = batch,
                        .columns = count,
                        .length = fan_in,
                        .a = x,
                        .a_row = fan_in,
                        .b = weights + first * fan_in,
                        .b_row = fan_in,
                        .c = y + first,
                        .c_row = outputs});
    AddBias({batch, count, outputs}, bias + first, rectified_, y + first);
  };
  team_.For(Parts(outputs, kOutputsAtOnce), part, WorthSharing(batch * outputs * fan_in));
}

// A row of the result is one product: its pixels see runs of x that begin `stride` pixels apart,
// one run for each row of the kernel.
void DirectLayer::Convolve(int64_t batch, const float* x, const float* bias, float* y) {
  const DirectShape& s = shape_;
  const int64_t height = s.out_height(), width = s.out_width();
  const auto part = [&](int64_t i) {
    const int64_t sample = i / height, row = i % height;
    float* to = y + (sample * height + row) * width * s.outputs;
    Compute(
        ProductSum{.rows = width,
                   .columns = s.outputs,
                   .runs = s.kernel_height,
                   .length = s.kernel_run(),
                   .a = x + sample * s.in_numbers() + row * s.stride * s.in_width * s.in_channels,
                   .a_row = s.stride * s.in_channels,
                   .a_run = s.in_width * s.in_channels,
                   .b = transposed_.data(),
                   .b_run = s.kernel_run() * s.outputs,
                   .b_step = s.outputs,
                   .c = to,
                   .c_row = s.outputs});
    AddBias({width, s.outputs, s.outputs}, bias, rectified_, to);
  };
  team_.For(batch * height, part, WorthSharing(batch * s.out_numbers() * s.fan_in()));
}

void DirectLayer::GradientOfParameters(int64_t batch, const float* x, const float* dy,
                                       float* dweights, float* dbias) {
  const int64_t outputs = shape_.outputs, fan_in = shape_.fan_in();
  bias_gradients_.assign(batch * outputs, 0);
  const auto of_sample = [&](int64_t sample) {
    AddRows(dy + sample * shape_.out_numbers(), shape_.pixels(), outputs,
            bias_gradients_.data() + sample * outputs);
  };
  team_.For(batch, of_sample, WorthSharing(batch * shape_.out_numbers() * 8));
  std::fill_n(dbias, outputs, 0.0f);
  AddRows(bias_gradients_.data(), batch, outputs, dbias);

  if (!shape_.is_fully_connected()) return ConvolutionGradient(batch, x, dy, dweights);
  const auto part = [&](int64_t i) {
    const int64_t first = i * kOutputsAtOnce;
    Compute(ProductSum{.rows = std::min(kOutputsAtOnce, outputs - first),
                       .columns = fan_in,
                       .length = batch,
                       .a = dy + first,
                       .a_row = 1,
                       .a_step = outputs,
                       .b = x,
                       .b_step = fan_in,
                       .c = dweights + first * fan_in,
                       .c_row = fan_in});
  };
  team_.For(Parts(outputs, kOutputsAtOnce), part, WorthSharing(batch * outputs * fan_in));
}

// The transposed gradient, [fan_in, outputs]: a weight's row sums over all pixels of all samples.
// Each thread goes once through the samples, so that one of them stays in its cache meanwhile.
void DirectLayer::ConvolutionGradient(int64_t batch, const float* x, const float* dy,
                                      float* dweights) {
  const DirectShape& s = shape_;
  constexpr int64_t kRowsAtOnce = 64;
  const int64_t parts_of_run = Parts(s.kernel_run(), kRowsAtOnce);
  const int64_t parts = s.kernel_height * parts_of_run;
  transposed_gradient_.resize(s.fan_in() * s.outputs);
  const int64_t sharers = std::min<int64_t>(team_.size(), parts);
  const auto share = [&](int64_t sharer) {
    for (int64_t sample = 0; sample < batch; ++sample) {
      for (int64_t part = sharer; part < parts; part += sharers) {
        const int64_t kernel_row = part / parts_of_run;
        const int64_t first = part % parts_of_run * kRowsAtOnce;
        Compute(ProductSum{
            .rows = std::min(kRowsAtOnce, s.kernel_run() - first),
            .columns = s.outputs,
            .runs = s.out_height(),
            .length = s.out_width(),
            .a = x + sample * s.in_numbers() + kernel_row * s.in_width * s.in_channels + first,
            .a_row = 1,
            .a_run = s.stride * s.in_width * s.in_channels,
            .a_step = s.stride * s.in_channels,
            .b = dy + sample * s.out_numbers(),
            .b_run = s.out_width() * s.outputs,
            .b_step = s.outputs,
            .c = transposed_gradient_.data() + (kernel_row * s.kernel_run() + first) * s.outputs,
            .c_row = s.outputs,
            .adds = sample > 0});
      }
    }
  };
  team_.For(sharers, share, WorthSharing(batch * s.out_numbers() * s.fan_in()));
  Transpose(transposed_gradient_.data(), s.fan_in(), s.outputs, dweights);
}

void DirectLayer::GradientOfInput(int64_t batch, const float* x, const float* weights,
                                  const float* dy, float* dx) {
  if (!shape_.is_fully_connected()) return ConvolutionInputGradient(batch, x, weights, dy, dx);
  const int64_t outputs = shape_.outputs, fan_in = shape_.fan_in();
  const auto part = [&](int64_t i) {
    const int64_t first = i * kInputsAtOnce, count = std::min(kInputsAtOnce, fan_in - first);
    Compute(ProductSum{.rows = batch,
                       .columns = count,
                       .length = outputs,
                       .a = dy,
                       .a_row = outputs,
                       .b = weights + first,
                       .b_step = fan_in,
                       .c = dx + first,
                       .c_row = fan_in});
    CutOff({batch, count, fan_in}, x + first, dx + first);
  };
  team_.For(Parts(fan_in, kInputsAtOnce), part, WorthSharing(batch * outputs * fan_in));
}

// What a pixel of the result gives back to the run of x that it saw; runs overlap, those of
// different samples do not, so that a product has the samples as its rows.
void DirectLayer::ConvolutionInputGradient(int64_t batch, const float* x, const float* weights,
                                           const float* dy, float* dx) {
  const DirectShape& s = shape_;
  constexpr int64_t kSamplesAtOnce = 12;
  const int64_t at_once = std::min(kSamplesAtOnce, Parts(batch, team_.size()));
  const auto part = [&](int64_t i) {
    const int64_t first = i * at_once, count = std::min(at_once, batch - first);
    float* to = dx + first * s.in_numbers();
    std::fill_n(to, count * s.in_numbers(), 0.0f);
    for (int64_t row = 0; row < s.out_height(); ++row) {
      for (int64_t kernel_row = 0; kernel_row < s.kernel_height; ++kernel_row) {
        for (int64_t column = 0; column < s.out_width(); ++column) {
          const int64_t pixel = row * s.out_width() + column;
          const int64_t corner =
              ((row * s.stride + kernel_row) * s.in_width + column * s.stride) * s.in_channels;
          Compute(ProductSum{.rows = count,
                             .columns = s.kernel_run(),
                             .length = s.outputs,
                             .a = dy + first * s.out_numbers() + pixel * s.outputs,
                             .a_row = s.out_numbers(),
                             .b = weights + kernel_row * s.kernel_run(),
                             .b_step = s.fan_in(),
                             .c = to + corner,
                             .c_row = s.in_numbers(),
                             .adds = true});
        }
      }
    }
    CutOff({1, count * s.in_numbers(), 0}, x + first * s.in_numbers(), to);
  };
  team_.For(Parts(batch, at_once), part, WorthSharing(batch * s.out_numbers() * s.fan_in()));
}

}  // namespace dqnd
