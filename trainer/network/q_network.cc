#include "trainer/network/q_network.h"

#include <cstring>
#include <stdexcept>
#include <string>

#include <ATen/ATen.h>

#include "trainer/network/interleave_frames.h"

namespace dqnd {
namespace {

struct ConvolutionLine {
  const char* name;
  int64_t out_channels;
  int64_t kernel;
  int64_t stride;
};

struct ArchitectureLines {
  std::vector<ConvolutionLine> convolutions;
  std::vector<std::pair<std::string, int64_t>> linears;  // name, out_features
};

ArchitectureLines Lines(const NetworkSection& options) {
  const int64_t w = options.width;
  switch (options.architecture) {
    case Architecture::kNatureCnn:
      return {{{"conv1", w * 32, 8, 4}, {"conv2", w * 64, 4, 2}, {"conv3", w * 64, 3, 1}},
              {{"fc_hidden", w * 512}}};
    case Architecture::kMinatarCnn:
      return {{{"conv", w * 16, 3, 1}}, {{"fc_hidden", w * 128}}};
    case Architecture::kMlp: {
      ArchitectureLines lines;
      for (size_t i = 0; i < options.hidden_sizes.size(); ++i) {
        lines.linears.emplace_back("fc" + std::to_string(i + 1), options.hidden_sizes[i]);
      }
      return lines;
    }
  }
  throw std::invalid_argument("unknown network.architecture");
}

}  // namespace

std::vector<LayerSite> LayerSites(const NetworkSection& options, const ObservationSpec& observation,
                                  int num_actions) {
  const ArchitectureLines lines = Lines(options);
  std::vector<LayerSite> sites;
  const auto add = [&](const std::string& name, const Product& product, const PictureShape& input) {
    sites.push_back({.name = name, .product = product, .input = input});
  };

  PictureShape picture{static_cast<int64_t>(observation.channels) * observation.stack,
                       observation.height, observation.width};
  for (const ConvolutionLine& line : lines.convolutions) {
    if (picture.height < line.kernel || picture.width < line.kernel) {
      throw std::invalid_argument(
          "network.architecture does not fit the observation: " + std::string(line.name) +
          " looks at " + std::to_string(line.kernel) + "x" + std::to_string(line.kernel) +
          " pixels, but only " + std::to_string(picture.height) + "x" +
          std::to_string(picture.width) +
          " are left; use minatar_cnn for 10x10 boards and mlp for vectors");
    }
    add(line.name,
        Product::Convolution({picture.channels, line.out_channels, line.kernel, line.stride}),
        picture);
    picture = {line.out_channels, (picture.height - line.kernel) / line.stride + 1,
               (picture.width - line.kernel) / line.stride + 1};
  }
  for (const auto& [name, out_features] : lines.linears) {
    const bool on_picture = picture.height * picture.width > 1 && !lines.convolutions.empty();
    add(name,
        on_picture ? Product::OnPicture(picture, out_features)
                   : Product::OnVector(picture.numbers(), out_features),
        picture);
    picture = {out_features, 1, 1};
  }
  add("output", Product::OnVector(picture.numbers(), num_actions), picture);
  sites.front().is_first = true;
  sites.back().is_last = true;
  return sites;
}

QNetwork::QNetwork(const NetworkSection& options, const ObservationSpec& observation,
                   int num_actions, RandomStream& init)
    : sites_(LayerSites(options, observation, num_actions)), state_scale_(observation.scale) {
  const std::unique_ptr<LayerBackend> backend = MakeLayerBackend(options);
  if (backend->takes_integers() && observation.type == ElementType::kUint8) {
    sites_.front().input_scale = observation.scale;
    state_scale_ = 1;
  }
  for (const LayerSite& site : sites_) {
    layers_.push_back(site.is_last ? backend->Output(site, parameters_, init)
                                   : backend->Hidden(site, parameters_, init));
  }
}

at::Tensor QNetwork::ForwardFrom(size_t layer, const at::Tensor& input, const Pass& pass) const {
  at::Tensor x = input;
  for (; layer < layers_.size(); ++layer) x = layers_[layer]->Forward(x, pass);
  return x;
}

void QNetwork::AfterOptimizerStep() const {
  for (const auto& layer : layers_) layer->AfterOptimizerStep();
}

const at::Tensor& StateConverter::Convert(std::span<const uint8_t> states) {
  const int64_t stack = observation_.stack;
  const int64_t batch = static_cast<int64_t>(states.size()) / (stack * observation_.bytes());
  if (!converted_.defined() || converted_.size(0) != batch) {
    converted_ =
        at::empty({batch, stack * observation_.channels, observation_.height, observation_.width},
                  at::TensorOptions(at::kFloat).memory_format(at::MemoryFormat::ChannelsLast));
  }
  const auto convert = [&](const auto* in) {
    InterleaveFrames(observation_, batch, in, converted_.data_ptr<float>(),
                     [scale = scale_](auto x) { return static_cast<float>(x) * scale; });
  };
  if (observation_.type == ElementType::kUint8) {
    convert(states.data());
  } else {
    convert(reinterpret_cast<const float*>(states.data()));
  }
  return converted_;
}

}  // namespace dqnd
