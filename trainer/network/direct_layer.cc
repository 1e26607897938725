#include "trainer/network/direct_layer.h"

#include <algorithm>
#include <type_traits>
#include <vector>

#include "trainer/kernels/products.h"
#include "trainer/network/layer_loops.h"

namespace dqnd {
namespace {

// Whether so many products take longer than another thread takes to begin.
bool WorthSharing(int64_t products) {
  return products >= 400'000;
}

// Numbers that one thread has added before another begins.
constexpr int64_t kFewNumbers = 16'384;

// Weights that another thread, which changed them, begins to multiply sooner than they are fetched
// from its cache.
constexpr int64_t kManyWeights = 65'536;

// Weights of a fully connected layer that are transposed sooner than their sums would be made in
// the other order.
constexpr int64_t kFewWeights = 16'384;
constexpr int64_t kFewOutputs = 16;

// Outputs, inputs and samples of a fully connected layer that are computed at a time.
constexpr int64_t kOutputsAtOnce = 16;
constexpr int64_t kInputsAtOnce = 128;
constexpr int64_t kInputsTurnedAtOnce = 256, kSamplesAtOnce = 64;

// From so many samples on, vectors of samples are multiplied faster than vectors of inputs: twice
// as fast with 32 of them, no faster with 16.
constexpr int64_t kFewSamples = 32;

int64_t Parts(int64_t numbers, int64_t at_once) {
  return (numbers + at_once - 1) / at_once;
}

// Room for `count` rounded numbers, and finite ones `beyond` them: of an odd number of terms the
// last is paired with what follows, times 0.
template <typename Number>
Number* Room(int64_t count, int64_t beyond, std::vector<Number>& memory) {
  if (static_cast<int64_t>(memory.size()) < count + beyond) memory.resize(count + beyond);
  return memory.data();
}

// What a product takes: the numbers themselves, or rounded ones in `memory`.
template <typename Number>
const Number* Rounded(const float* numbers, int64_t count, int64_t beyond,
                      std::vector<Number>& memory, ThreadTeam& team) {
  if constexpr (std::is_same_v<Number, float>) {
    return numbers;
  } else {
    constexpr int64_t kAtOnce = 16'384;
    Number* rounded = Room(count, beyond, memory);
    const auto part = [&](int64_t i) {
      Round(numbers + i * kAtOnce, std::min(kAtOnce, count - i * kAtOnce), rounded + i * kAtOnce);
    };
    team.For(Parts(count, kAtOnce), part, count > 4 * kAtOnce);
    return rounded;
  }
}

// Number is what is multiplied: float or Bfloat16.
template <typename Number>
class LayerOf final : public DirectLayer {
 public:
  LayerOf(const DirectShape& shape, bool rectified, const Parameters& parameters, ThreadTeam& team)
      : shape_(shape), rectified_(rectified), parameters_(parameters), team_(team) {
    const int64_t weights = shape.outputs * shape.fan_in();
    is_transposed_ =
        !shape.is_fully_connected() || (shape.outputs >= kFewOutputs && weights <= kFewWeights);
    ParametersChanged();
  }

  const DirectShape& shape() const override { return shape_; }

  void ParametersChanged() override {
    const int64_t outputs = shape_.outputs, fan_in = shape_.fan_in(), count = outputs * fan_in;
    weights_ = Rounded(parameters_.weights, count, 0, rounded_weights_, team_);
    if (!is_transposed_) return;
    turned_weights_.resize(count);
    Compute(Transposition{.rows = outputs,
                          .columns = fan_in,
                          .from = parameters_.weights,
                          .from_row = fan_in,
                          .to = turned_weights_.data(),
                          .to_row = outputs});
    transposed_ = Rounded(turned_weights_.data(), count, 0, rounded_transposed_, team_);
  }

  void Forward(int64_t batch, const float* x, float* y) override {
    x_ = Rounded(x, batch * shape_.in_numbers(), BeyondX(), rounded_x_, team_);
    if (!shape_.is_fully_connected()) return Convolve(batch, y);
    if (is_transposed_) return MultiplyTransposed(batch, y);
    if constexpr (std::is_same_v<Number, float>) {
      if (batch >= kFewSamples && shape_.outputs >= kFewOutputs) {
        return MultiplyManySamples(batch, y);
      }
    }
    MultiplyFewSamples(batch, y);
  }

  void Begin(int64_t places, const float* x) override {
    if constexpr (std::is_same_v<Number, float>) {
      x_ = x;
    } else {
      x_ = Room(places * shape_.in_numbers(), BeyondX(), rounded_x_);
    }
  }

  void ForwardSample(int64_t place, const float* x, float* y) override {
    const Number* numbers;
    if constexpr (std::is_same_v<Number, float>) {
      numbers = x;
    } else {
      Number* rounded = rounded_x_.data() + place * shape_.in_numbers();
      Round(x, shape_.in_numbers(), rounded);
      numbers = rounded;
    }
    for (int64_t row = 0; row < shape_.out_height(); ++row) ConvolveRow(numbers, row, y);
  }

  bool NeedsX() const override { return std::is_same_v<Number, float>; }

  void Backward(int64_t batch, const float* dy, const Gradients& gradients, float* dx) override {
    BiasGradient(batch, dy, gradients.bias);
    if (shape_.is_fully_connected()) {
      WeightGradient(batch, InPairs(dy, 1, batch), gradients.weights);
      if (dx != nullptr) InputGradient(batch, dy, dx);
    } else {
      const int64_t rows = batch * shape_.out_height();
      ConvolutionWeightGradient(batch, InPairs(dy, rows, shape_.out_width()), gradients.weights);
      if (dx != nullptr) ConvolutionInputGradient(batch, dy, dx);
    }
  }

 private:
  // Numbers behind x that are paired with the last of an odd number of terms.
  int64_t BeyondX() const { return shape_.in_numbers() + shape_.kernel_run(); }

  void MultiplyTransposed(int64_t batch, float* y) {
    const int64_t outputs = shape_.outputs, fan_in = shape_.fan_in();
    Compute(ProductSum<Number>{.rows = batch,
                               .columns = outputs,
                               .steps = fan_in / kTerms<Number>,
                               .a = x_,
                               .a_row = fan_in,
                               .b = transposed_,
                               .b_term = outputs,
                               .c = y,
                               .c_row = outputs});
    AddBias({batch, outputs, outputs}, parameters_.bias, rectified_, y);
  }

  void MultiplyFewSamples(int64_t batch, float* y) {
    const int64_t outputs = shape_.outputs, fan_in = shape_.fan_in();
    const auto part = [&](int64_t i) {
      const int64_t first = i * kOutputsAtOnce;
      const int64_t count = std::min(kOutputsAtOnce, outputs - first);
      Compute(RowProducts<Number>{.rows = batch,
                                  .columns = count,
                                  .length = fan_in,
                                  .a = x_,
                                  .a_row = fan_in,
                                  .b = weights_ + first * fan_in,
                                  .b_row = fan_in,
                                  .c = y + first,
                                  .c_row = outputs});
      AddBias({batch, count, outputs}, parameters_.bias + first, rectified_, y + first);
    };
    team_.For(Parts(outputs, kOutputsAtOnce), part,
              WorthSharing(batch * outputs * fan_in) || outputs * fan_in > kManyWeights);
  }

  // Vectors of samples are multiplied, for which each thread turns x, some inputs at a time, in
  // memory that no other thread looks at; then the part of y that it has made.
  void MultiplyManySamples(int64_t batch, float* y) {
    const int64_t outputs = shape_.outputs, fan_in = shape_.fan_in();
    const int64_t at_once = std::max(kOutputsAtOnce, Parts(outputs, team_.size()));
    const int64_t sharers = Parts(outputs, at_once);
    turned_x_.resize(sharers * kInputsTurnedAtOnce * kSamplesAtOnce);
    turned_y_.resize(outputs * kSamplesAtOnce);
    const auto share = [&](int64_t sharer) {
      const int64_t output = sharer * at_once, count = std::min(at_once, outputs - output);
      float* x = turned_x_.data() + sharer * kInputsTurnedAtOnce * kSamplesAtOnce;
      float* sums = turned_y_.data() + output * kSamplesAtOnce;
      for (int64_t sample = 0; sample < batch; sample += kSamplesAtOnce) {
        const int64_t samples = std::min(kSamplesAtOnce, batch - sample);
        for (int64_t input = 0; input < fan_in; input += kInputsTurnedAtOnce) {
          const int64_t inputs = std::min(kInputsTurnedAtOnce, fan_in - input);
          Compute(Transposition{.rows = samples,
                                .columns = inputs,
                                .from = x_ + sample * fan_in + input,
                                .from_row = fan_in,
                                .to = x,
                                .to_row = samples});
          Compute(ProductSum<float>{.rows = count,
                                    .columns = samples,
                                    .steps = inputs,
                                    .a = weights_ + output * fan_in + input,
                                    .a_row = fan_in,
                                    .b = x,
                                    .b_term = samples,
                                    .c = sums,
                                    .c_row = samples,
                                    .adds = input > 0});
        }
        float* to = y + sample * outputs + output;
        Compute(Transposition{.rows = count,
                              .columns = samples,
                              .from = sums,
                              .from_row = samples,
                              .to = to,
                              .to_row = outputs});
        AddBias({samples, count, outputs}, parameters_.bias + output, rectified_, to);
      }
    };
    team_.For(sharers, share, WorthSharing(batch * outputs * fan_in));
  }

  void Convolve(int64_t batch, float* y) {
    const int64_t height = shape_.out_height();
    const auto part = [&](int64_t i) {
      const int64_t sample = i / height;
      ConvolveRow(x_ + sample * shape_.in_numbers(), i % height, y + sample * shape_.out_numbers());
    };
    team_.For(batch * height, part, WorthSharing(batch * shape_.out_numbers() * shape_.fan_in()));
  }

  // A row of a sample's result is one product: its pixels see runs of x that begin `stride` pixels
  // apart, one run for each row of the kernel.
  void ConvolveRow(const Number* x, int64_t row, float* y) {
    const DirectShape& s = shape_;
    float* to = y + row * s.out_width() * s.outputs;
    Compute(ProductSum<Number>{.rows = s.out_width(),
                               .columns = s.outputs,
                               .runs = s.kernel_height,
                               .steps = s.kernel_run() / kTerms<Number>,
                               .a = x + row * s.stride * s.in_width * s.in_channels,
                               .a_row = s.stride * s.in_channels,
                               .a_run = s.in_width * s.in_channels,
                               .b = transposed_,
                               .b_run = s.kernel_run() * s.outputs,
                               .b_term = s.outputs,
                               .c = to,
                               .c_row = s.outputs});
    AddBias({s.out_width(), s.outputs, s.outputs}, parameters_.bias, rectified_, to);
  }

  void BiasGradient(int64_t batch, const float* dy, float* dbias) {
    const int64_t outputs = shape_.outputs;
    if (shape_.is_fully_connected()) return AddRows(dy, batch, outputs, dbias);
    bias_gradients_.resize(batch * outputs);
    const auto of_sample = [&](int64_t sample) {
      AddRows(dy + sample * shape_.out_numbers(), shape_.pixels(), outputs,
              bias_gradients_.data() + sample * outputs);
    };
    team_.For(batch, of_sample, batch * shape_.out_numbers() > kFewNumbers);
    AddRows(bias_gradients_.data(), batch, outputs, dbias);
  }

  // What sums over pixels, or samples, take of dy, [groups, pixels, outputs]:
  // [groups, ceil(pixels / kTerms), outputs, kTerms].
  const Number* InPairs(const float* dy, int64_t groups, int64_t pixels) {
    if constexpr (std::is_same_v<Number, float>) {
      return dy;
    } else {
      const int64_t outputs = shape_.outputs, paired = Parts(pixels, 2) * 2 * outputs;
      if (static_cast<int64_t>(dy_in_pairs_.size()) < groups * paired) {
        dy_in_pairs_.resize(groups * paired);
      }
      const auto group = [&](int64_t i) {
        RoundInPairs(dy + i * pixels * outputs, pixels, outputs, dy_in_pairs_.data() + i * paired);
      };
      team_.For(groups, group, groups * pixels * outputs > kFewNumbers);
      return dy_in_pairs_.data();
    }
  }

  void WeightGradient(int64_t batch, const Number* dy, float* dweights) {
    const int64_t outputs = shape_.outputs, fan_in = shape_.fan_in();
    const auto part = [&](int64_t i) {
      const int64_t first = i * kOutputsAtOnce;
      Compute(ProductSum<Number>{.rows = std::min(kOutputsAtOnce, outputs - first),
                                 .columns = fan_in,
                                 .steps = Parts(batch, kTerms<Number>),
                                 .a = dy + first * kTerms<Number>,
                                 .a_row = kTerms<Number>,
                                 .a_step = outputs * kTerms<Number>,
                                 .b = x_,
                                 .b_term = fan_in,
                                 .c = dweights + first * fan_in,
                                 .c_row = fan_in});
    };
    team_.For(Parts(outputs, kOutputsAtOnce), part, WorthSharing(batch * outputs * fan_in));
  }

  // Sums over all pixels of all samples, of each half of the samples for itself. Each thread goes
  // once through its samples, so that one of them stays in its cache meanwhile.
  void ConvolutionWeightGradient(int64_t batch, const Number* dy, float* dweights) {
    const DirectShape& s = shape_;
    const int64_t steps = Parts(s.out_width(), kTerms<Number>);
    const int64_t dy_run = steps * kTerms<Number> * s.outputs;
    const int64_t half = Parts(batch, 2), parts = 2 * s.kernel_height;
    other_half_.resize(s.outputs * s.fan_in());
    const auto row_of_kernel = [&](int64_t sample, int64_t row) {
      float* to = sample < half ? dweights : other_half_.data();
      Compute(
          ProductSum<Number>{.rows = s.outputs,
                             .columns = s.kernel_run(),
                             .runs = s.out_height(),
                             .steps = steps,
                             .a = dy + sample * s.out_height() * dy_run,
                             .a_row = kTerms<Number>,
                             .a_run = dy_run,
                             .a_step = s.outputs * kTerms<Number>,
                             .b = x_ + sample * s.in_numbers() + row * s.in_width * s.in_channels,
                             .b_run = s.stride * s.in_width * s.in_channels,
                             .b_term = s.stride * s.in_channels,
                             .c = to + row * s.kernel_run(),
                             .c_row = s.fan_in(),
                             .adds = sample % half > 0});
    };
    const int64_t sharers = std::min<int64_t>(team_.size(), parts);
    const auto share = [&](int64_t sharer) {
      const int64_t first = parts * sharer / sharers, end = parts * (sharer + 1) / sharers;
      for (int64_t sample = 0; sample < batch; ++sample) {
        const int64_t of_half = sample < half ? 0 : s.kernel_height;
        const int64_t first_row = std::max<int64_t>(first - of_half, 0);
        const int64_t end_row = std::min(end - of_half, s.kernel_height);
        for (int64_t row = first_row; row < end_row; ++row) row_of_kernel(sample, row);
      }
    };
    team_.For(sharers, share, WorthSharing(batch * s.out_numbers() * s.fan_in()));
    if (batch == half) return;
    const auto add_to_output = [&](int64_t i) {
      Add(other_half_.data() + i * s.fan_in(), s.fan_in(), dweights + i * s.fan_in());
    };
    team_.For(s.outputs, add_to_output, s.outputs * s.fan_in() > kFewNumbers);
  }

  // Of many outputs, sums over each half for itself: a thread that has made half of the outputs,
  // and will change their weights, needs no others.
  void InputGradient(int64_t batch, const float* dy, float* dx) {
    const int64_t outputs = shape_.outputs, fan_in = shape_.fan_in();
    const Number* slopes = Rounded(dy, batch * outputs, 0, rounded_dy_, team_);
    const int64_t half = outputs < kFewOutputs * 2 ? outputs : Parts(outputs, 4) * 2;
    const bool has_two = half < outputs;
    if (has_two) other_half_.resize(batch * fan_in);
    const int64_t parts = Parts(fan_in, kInputsAtOnce);
    const auto part = [&](int64_t i) {
      const int64_t output = i < parts ? 0 : half, first = i % parts * kInputsAtOnce;
      Compute(ProductSum<Number>{.rows = batch,
                                 .columns = std::min(kInputsAtOnce, fan_in - first),
                                 .steps = std::min(half, outputs - output) / kTerms<Number>,
                                 .a = slopes + output,
                                 .a_row = outputs,
                                 .b = weights_ + output * fan_in + first,
                                 .b_term = fan_in,
                                 .c = (i < parts ? dx : other_half_.data()) + first,
                                 .c_row = fan_in});
    };
    const bool shares = WorthSharing(batch * outputs * fan_in);
    team_.For(has_two ? 2 * parts : parts, part, shares);
    const auto of_sample = [&](int64_t sample) {
      const int64_t begin = sample * fan_in;
      if (has_two) Add(other_half_.data() + begin, fan_in, dx + begin);
      CutOff(fan_in, x_ + begin, dx + begin);
    };
    team_.For(batch, of_sample, shares);
  }

  // What a pixel of the result gives back to the run of x that it saw; runs overlap, those of
  // different samples do not, so that a product has the samples as its rows.
  void ConvolutionInputGradient(int64_t batch, const float* dy, float* dx) {
    const DirectShape& s = shape_;
    const Number* slopes = Rounded(dy, batch * s.out_numbers(), 0, rounded_dy_, team_);
    constexpr int64_t kMostSamples = 16;
    const int64_t rounds = Parts(batch, kMostSamples * team_.size());
    const int64_t at_once = Parts(batch, rounds * team_.size());
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
            Compute(ProductSum<Number>{.rows = count,
                                       .columns = s.kernel_run(),
                                       .steps = s.outputs / kTerms<Number>,
                                       .a = slopes + first * s.out_numbers() + pixel * s.outputs,
                                       .a_row = s.out_numbers(),
                                       .b = weights_ + kernel_row * s.kernel_run(),
                                       .b_term = s.fan_in(),
                                       .c = to + corner,
                                       .c_row = s.in_numbers(),
                                       .adds = true});
          }
        }
      }
      CutOff(count * s.in_numbers(), x_ + first * s.in_numbers(), to);
    };
    team_.For(Parts(batch, at_once), part, WorthSharing(batch * s.out_numbers() * s.fan_in()));
  }

  const DirectShape shape_;
  const bool rectified_;
  const Parameters parameters_;
  ThreadTeam& team_;
  bool is_transposed_;               // whether Forward takes W as [fan_in, outputs]
  const Number* weights_ = nullptr;  // [outputs, fan_in]
  const Number* transposed_ = nullptr;
  const Number* x_ = nullptr;          // of the last Forward, [batch or places, in_numbers]
  std::vector<float> turned_weights_;  // [fan_in, outputs]
  // Of a fully connected layer: [threads, inputs, samples] and [outputs, samples].
  std::vector<float> turned_x_, turned_y_;
  // Of bfloat16.
  std::vector<Number> rounded_weights_, rounded_transposed_, rounded_x_, rounded_dy_, dy_in_pairs_;
  std::vector<float> bias_gradients_;  // [batch, outputs]
  std::vector<float> other_half_;      // of a sum
};

}  // namespace

std::unique_ptr<DirectLayer> MakeDirectLayer(const DirectShape& shape, bool rectified,
                                             const DirectLayer::Parameters& parameters,
                                             Precision precision, ThreadTeam& team) {
  const bool in_pairs = shape.outputs % 2 == 0 && shape.kernel_run() % 2 == 0;
  if (precision == Precision::kBfloat16 && rectified && in_pairs) {
    return std::make_unique<LayerOf<Bfloat16>>(shape, rectified, parameters, team);
  }
  return std::make_unique<LayerOf<float>>(shape, rectified, parameters, team);
}

}  // namespace dqnd
