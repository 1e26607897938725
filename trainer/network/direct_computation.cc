#include <ATen/ATen.h>
#include <algorithm>

#include "trainer/network/computation.h"
#include "trainer/network/direct_layer.h"
#include "trainer/network/interleave_frames.h"

namespace dqnd {
namespace {

DirectShape ShapeOf(const LayerSite& site) {
  const Product& product = site.product;
  const PictureShape& in = site.input;
  if (!product.is_convolution()) return {.in_channels = in.numbers(), .outputs = product.outputs()};
  return {.in_height = in.height,
          .in_width = in.width,
          .in_channels = in.channels,
          .kernel_height = product.kernel_height(),
          .kernel_width = product.kernel_width(),
          .stride = product.stride(),
          .outputs = product.outputs()};
}

// Products that take longer than another thread takes to begin.
constexpr int64_t kWorthSharing = 400'000;
constexpr int64_t kOperationsOfAConversion = 4;

// So many that threads are busy equally long.
constexpr int64_t kSamplesForEachThread = 8;

// Acting and learning take turns with different batches: nothing is given back.
void AtLeast(int64_t numbers, std::vector<float>& memory) {
  if (static_cast<int64_t>(memory.size()) < numbers) memory.resize(numbers);
}

class DirectComputation final : public Computation {
 public:
  DirectComputation(const QNetwork& network, const ObservationSpec& observation,
                    Precision precision, ThreadTeam& team)
      : observation_(observation),
        scale_(network.state_scale()),
        flattens_pictures_(observation.height * observation.width > 1 &&
                           !network.sites().front().product.is_convolution()),
        team_(team) {
    for (const LayerSite& site : network.sites()) {
      const at::Tensor weights = network.parameters().Named(site.name + ".weight");
      const at::Tensor bias = network.parameters().Named(site.name + ".bias");
      layers_.push_back({.layer = MakeDirectLayer(ShapeOf(site), !site.is_last,
                                                  {.weights = weights.const_data_ptr<float>(),
                                                   .bias = bias.const_data_ptr<float>()},
                                                  precision, team),
                         .weights = weights,
                         .bias = bias,
                         .y = {},
                         .dx = {}});
      if (!layers_.back().layer->shape().is_fully_connected()) convolutions_ = layers_.size();
    }
  }

  std::span<const float> Values(std::span<const uint8_t> states, const Pass&) override {
    const int64_t state_bytes = observation_.bytes() * observation_.stack;
    batch_ = static_cast<int64_t>(states.size()) / state_bytes;
    const int64_t numbers = observation_.elements() * observation_.stack;
    AtLeast(batch_ * numbers, states_);
    // A large batch goes through the convolutions sample by sample, whose numbers then stay in a
    // cache from one layer to the next; of a small one, each layer is divided.
    const bool by_sample = batch_ >= kSamplesForEachThread * team_.size();
    const std::span convolutions = std::span(layers_).first(by_sample ? convolutions_ : 0);
    int64_t operations = batch_ * numbers * kOperationsOfAConversion;
    const float* x = states_.data();
    for (size_t i = 0; i < layers_.size(); x = layers_[i++].y.data()) {
      const DirectShape& shape = layers_[i].layer->shape();
      AtLeast(batch_ * shape.out_numbers(), layers_[i].y);
      if (i >= convolutions.size()) continue;
      operations += batch_ * shape.out_numbers() * shape.fan_in();
      layers_[i].layer->Begin(batch_, x);
    }
    const auto of_sample = [&](int64_t sample) {
      Convert(states.subspan(sample * state_bytes, state_bytes), states_.data() + sample * numbers);
      for (Site& site : convolutions) site.layer->ForwardSample(sample, site.y.data());
    };
    team_.For(batch_, of_sample, operations > kWorthSharing);
    x = convolutions.empty() ? states_.data() : convolutions.back().y.data();
    for (Site& site : std::span(layers_).subspan(convolutions.size())) {
      site.layer->Forward(batch_, x, site.y.data());
      x = site.y.data();
    }
    return std::span(layers_.back().y).first(batch_ * layers_.back().layer->shape().outputs);
  }

  void Backpropagate(std::span<const float> gradient_of_values) override {
    const float* dy = gradient_of_values.data();
    for (size_t i = layers_.size(); i-- > 0;) {
      Site& site = layers_[i];
      const float* x = i == 0 ? states_.data() : layers_[i - 1].y.data();
      if (i > 0) AtLeast(batch_ * site.layer->shape().in_numbers(), site.dx);
      site.layer->Backward(batch_, x, dy, {Gradient(site.weights), Gradient(site.bias)},
                           i > 0 ? site.dx.data() : nullptr);
      dy = site.dx.data();
    }
  }

  void ParametersChanged() override {
    for (Site& site : layers_) site.layer->ParametersChanged();
  }

 private:
  struct Site {
    std::unique_ptr<DirectLayer> layer;
    at::Tensor weights, bias;  // the network's own
    std::vector<float> y;      // [batch, out_numbers]
    std::vector<float> dx;     // [batch, in_numbers]
  };

  void Convert(std::span<const uint8_t> state, float* to) const {
    if (observation_.type == ElementType::kUint8) {
      Convert(state.data(), to);
    } else {
      Convert(reinterpret_cast<const float*>(state.data()), to);
    }
  }

  template <typename Number>
  void Convert(const Number* state, float* to) const {
    const auto scaled = [scale = scale_](Number x) { return static_cast<float>(x) * scale; };
    if (!flattens_pictures_) return InterleaveFrames(observation_, 1, state, to, scaled);
    const int64_t pixels = int64_t{observation_.height} * observation_.width;
    for (int64_t frame = 0; frame < observation_.stack; ++frame) {
      for (int64_t channel = 0; channel < observation_.channels; ++channel) {
        for (int64_t pixel = 0; pixel < pixels; ++pixel) {
          *to++ = scaled(state[(frame * pixels + pixel) * observation_.channels + channel]);
        }
      }
    }
  }

  // Where a parameter's gradient goes, its numbers in the order of the parameter's.
  static float* Gradient(const at::Tensor& parameter) {
    at::Tensor& gradient = parameter.mutable_grad();
    if (!gradient.defined()) gradient = at::empty_like(parameter);
    return gradient.data_ptr<float>();
  }

  const ObservationSpec observation_;
  const float scale_;
  const bool flattens_pictures_;  // one channel after the other, as PyTorch's nn.Flatten does
  ThreadTeam& team_;
  std::vector<Site> layers_;
  size_t convolutions_ = 0;  // the first of them
  int64_t batch_ = 0;
  std::vector<float> states_;  // [batch, height, width, stack * channels], or flattened
};

}  // namespace

std::unique_ptr<Computation> ComputeDirectly(const QNetwork& network,
                                             const ObservationSpec& observation,
                                             Precision precision, ThreadTeam& team) {
  return std::make_unique<DirectComputation>(network, observation, precision, team);
}

}  // namespace dqnd
