#include <ATen/ATen.h>

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
                         .x = {},
                         .dx = {}});
      if (!layers_.back().layer->shape().is_fully_connected()) convolutions_ = layers_.size();
    }
  }

  std::span<const float> Values(std::span<const uint8_t> states, const Pass& pass) override {
    const int64_t state_bytes = int64_t{observation_.stack} * observation_.bytes();
    batch_ = static_cast<int64_t>(states.size()) / state_bytes;
    // A large batch goes through the convolutions sample by sample, whose numbers then stay in a
    // cache from one layer to the next; of a small one, each layer is divided.
    const bool by_sample = batch_ >= kSamplesForEachThread * team_.size();
    const std::span convolutions = std::span(layers_).first(by_sample ? convolutions_ : 0);
    int64_t operations = batch_ * in_numbers(0) * kOperationsOfAConversion;
    for (size_t i = 0; i < layers_.size(); ++i) {
      Site& site = layers_[i];
      // What nobody asks for again is where the next sample's will be.
      site.has_all = i >= convolutions.size() || (pass.is_update && site.layer->NeedsX());
      AtLeast((site.has_all ? batch_ : team_.size()) * in_numbers(i), site.x);
      if (i >= convolutions.size()) continue;
      site.layer->Begin(pass.is_update ? batch_ : team_.size(), site.x.data());
      operations += batch_ * site.layer->shape().out_numbers() * site.layer->shape().fan_in();
    }
    const int64_t outputs = layers_.back().layer->shape().outputs;
    AtLeast(batch_ * outputs, values_);
    const auto of_sample = [&](int64_t sample, int64_t member) {
      const auto x_of = [&](size_t i) {
        return layers_[i].x.data() + (layers_[i].has_all ? sample : member) * in_numbers(i);
      };
      Convert(states.subspan(sample * state_bytes, state_bytes), x_of(0));
      const int64_t place = pass.is_update ? sample : member;
      for (size_t i = 0; i < convolutions.size(); ++i) {
        layers_[i].layer->ForwardSample(place, x_of(i), x_of(i + 1));
      }
    };
    team_.For(batch_, of_sample, operations > kWorthSharing);
    for (size_t i = convolutions.size(); i < layers_.size(); ++i) {
      float* y = i + 1 < layers_.size() ? layers_[i + 1].x.data() : values_.data();
      layers_[i].layer->Forward(batch_, layers_[i].x.data(), y);
    }
    return std::span(values_).first(batch_ * outputs);
  }

  void Backpropagate(std::span<const float> gradient_of_values) override {
    const float* dy = gradient_of_values.data();
    for (size_t i = layers_.size(); i-- > 0;) {
      Site& site = layers_[i];
      if (i > 0) AtLeast(batch_ * in_numbers(i), site.dx);
      site.layer->Backward(batch_, dy, {Gradient(site.weights), Gradient(site.bias)},
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
    std::vector<float> x;      // [batch, in_numbers], or [threads, in_numbers]
    bool has_all = true;       // samples of the batch, the first of these
    std::vector<float> dx;     // [batch, in_numbers]
  };

  int64_t in_numbers(size_t layer) const { return layers_[layer].layer->shape().in_numbers(); }

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
  std::vector<float> values_;  // [batch, actions]
};

}  // namespace

std::unique_ptr<Computation> ComputeDirectly(const QNetwork& network,
                                             const ObservationSpec& observation,
                                             Precision precision, ThreadTeam& team) {
  return std::make_unique<DirectComputation>(network, observation, precision, team);
}

}  // namespace dqnd
