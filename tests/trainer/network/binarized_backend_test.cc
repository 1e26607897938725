#include "trainer/network/binarized_backend.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <c10/core/InferenceMode.h>

#include "tests/trainer/network/observations.h"
#include "tests/trainer/network/plain_blocks.h"
#include "trainer/network/q_network.h"

namespace dqnd {
namespace {

using plain::Grid;

enum class Kind { kConvolution, kOnPicture, kOnVector };

// One hidden layer behind another, on 3 x 5 x 4 pictures or their 60 numbers.
constexpr int64_t kBatch = 6, kChannels = 3, kHeight = 5, kWidth = 4, kOutputs = 7, kKernel = 2;

struct Case {
  Backend backend;
  Kind kind;
  NormalisationMode normalisation;
  Ste ste;
};

std::string NameOf(const ::testing::TestParamInfo<Case>& info) {
  const auto& [backend, kind, normalisation, ste] = info.param;
  return std::string(kBackendNames[static_cast<int>(backend)]) +
         std::vector<std::string>{"_convolution", "_on_picture",
                                  "_on_vector"}[static_cast<int>(kind)] +
         std::vector<std::string>{"_running", "_batch"}[static_cast<int>(normalisation)] +
         std::vector<std::string>{"_identity", "_hard_tanh", "_bireal"}[static_cast<int>(ste)];
}

NetworkSection OptionsOf(const Case& c) {
  NetworkSection options;
  options.backend = c.backend;
  options.normalisation = c.normalisation;
  options.ste = c.ste;
  return options;
}

Product ProductOf(Kind kind) {
  switch (kind) {
    case Kind::kConvolution:
      return Product::Convolution({kChannels, kOutputs, kKernel, 1});
    case Kind::kOnPicture:
      return Product::OnPicture({kChannels, kHeight, kWidth}, kOutputs);
    case Kind::kOnVector:
      break;
  }
  return Product::OnVector(kChannels * kHeight * kWidth, kOutputs);
}

// Numbers of about -2 to 2 from a stream, pictures channels-last.
at::Tensor Draw(std::vector<int64_t> shape, RandomStream& random) {
  at::Tensor values = at::empty(shape, at::kFloat);
  for (int64_t i = 0; i < values.numel(); ++i) {
    values.data_ptr<float>()[i] = static_cast<float>(4 * random.Uniform() - 2);
  }
  return shape.size() == 4 ? values.contiguous(at::MemoryFormat::ChannelsLast) : values;
}

std::vector<int64_t> InputShape(Kind kind) {
  if (kind == Kind::kOnVector) return {kBatch, kChannels * kHeight * kWidth};
  return {kBatch, kChannels, kHeight, kWidth};
}

// A tensor's numbers with its channels last: [batch * height * width, channels].
Grid GridOf(const at::Tensor& tensor) {
  const at::Tensor rows = tensor.dim() == 4 ? tensor.detach().permute({0, 2, 3, 1}).contiguous()
                                            : tensor.detach().contiguous();
  Grid grid{tensor.numel() / tensor.size(1), tensor.size(1)};
  std::copy_n(rows.const_data_ptr<float>(), rows.numel(), grid.numbers.begin());
  return grid;
}

// A weight as [outputs, fan_in], in the order of state_dict(): channel, row, column.
Grid WeightGrid(const at::Tensor& weight) {
  const at::Tensor rows = weight.detach().contiguous().view({weight.size(0), -1});
  Grid grid{rows.size(0), rows.size(1)};
  std::copy_n(rows.const_data_ptr<float>(), rows.numel(), grid.numbers.begin());
  return grid;
}

// Where the number (sample, channel, y, x) of the input lies in its Grid.
int64_t IndexOf(int64_t sample, int64_t channel, int64_t y, int64_t x) {
  return ((sample * kHeight + y) * kWidth + x) * kChannels + channel;
}

plain::Connections ConnectionsOf(Kind kind) {
  plain::Connections connections;
  for (int64_t sample = 0; sample < kBatch; ++sample) {
    if (kind == Kind::kConvolution) {
      for (int64_t y = 0; y + kKernel <= kHeight; ++y) {
        for (int64_t x = 0; x + kKernel <= kWidth; ++x) {
          auto& patch = connections.emplace_back();
          for (int64_t channel = 0; channel < kChannels; ++channel) {
            for (int64_t i = 0; i < kKernel * kKernel; ++i) {
              patch.push_back(IndexOf(sample, channel, y + i / kKernel, x + i % kKernel));
            }
          }
        }
      }
      continue;
    }
    auto& all = connections.emplace_back();
    for (int64_t i = 0; i < kChannels * kHeight * kWidth; ++i) {
      const int64_t pixels = kHeight * kWidth;
      all.push_back(kind == Kind::kOnPicture
                        ? IndexOf(sample, i / pixels, i % pixels / kWidth, i % kWidth)
                        : sample * kChannels * pixels + i);
    }
  }
  return connections;
}

void ExpectNear(const Grid& found, const Grid& expected, const std::string& what) {
  ASSERT_EQ(found.numbers.size(), expected.numbers.size()) << what;
  for (size_t i = 0; i < found.numbers.size(); ++i) {
    ASSERT_NEAR(found.numbers[i], expected.numbers[i], 2e-4 * (1 + std::abs(expected.numbers[i])))
        << what << ", number " << i;
  }
}

Grid Row(const std::vector<double>& numbers) {
  return {1, static_cast<int64_t>(numbers.size()), numbers};
}

class BinarizedBlock : public ::testing::TestWithParam<Case> {
 protected:
  BinarizedBlock() : random_(5, "numbers") {
    RandomStream init(3, "init");
    layer_ = BinarizedBackend(OptionsOf(GetParam()))
                 .Hidden({"layer", ProductOf(GetParam().kind), {}}, parameters_, init);
    // Not as they are at first: scales of both signs, shifts, and weights beyond 1, as between an
    // optimizer's step and the clipping.
    const c10::NoGradGuard no_grad;
    for (const char* name : {"layer.weight", "layer.norm.weight", "layer.norm.bias"}) {
      Named(name).copy_(Draw(Named(name).sizes().vec(), random_));
    }
  }

  at::Tensor Named(const std::string& name) const {
    for (const NamedTensor& entry : parameters_.entries()) {
      if (entry.name == name) return entry.value;
    }
    throw std::invalid_argument("no parameter is called " + name);
  }

  plain::Block PlainBlock() const {
    return {.backend = GetParam().backend,
            .ste = GetParam().ste,
            .connections = ConnectionsOf(GetParam().kind),
            .numbers = {.weight = WeightGrid(Named("layer.weight")),
                        .norm_weight = GridOf(Named("layer.norm.weight").unsqueeze(0)).numbers,
                        .norm_bias = GridOf(Named("layer.norm.bias").unsqueeze(0)).numbers},
            .mean = GridOf(Named("layer.norm.running_mean").unsqueeze(0)).numbers,
            .variance = GridOf(Named("layer.norm.running_var").unsqueeze(0)).numbers};
  }

  RandomStream random_;
  Parameters parameters_;
  std::unique_ptr<Layer> layer_;
};

TEST_P(BinarizedBlock, ComputesAndLearnsAsThePlainOneOfItsPaper) {
  at::Tensor input = Draw(InputShape(GetParam().kind), random_);
  input.requires_grad_(true);
  const at::Tensor output = layer_->Forward(input, kUpdate);
  const at::Tensor above = Draw(output.sizes().vec(), random_);
  output.backward(above);

  plain::Block block = PlainBlock();
  block.by_batch = GetParam().normalisation == NormalisationMode::kBatch;
  if (block.by_batch) {
    // What is normalised: the input, or the sums, which Forward makes with any statistics.
    const bool is_xnor = GetParam().backend == Backend::kXnorNet;
    plain::MeanAndVariance(is_xnor ? GridOf(input) : block.Sums(GridOf(input)), block.mean,
                           block.variance);
  }
  ExpectNear(GridOf(output), block.Forward(GridOf(input)), "output");
  const plain::Block::Gradients gradients = block.Backward(GridOf(above));
  ExpectNear(GridOf(input.grad()), gradients.input, "gradient of the input");
  ExpectNear(WeightGrid(Named("layer.weight").grad()), gradients.numbers.weight,
             "gradient of the weights");
  ExpectNear(GridOf(Named("layer.norm.weight").grad().unsqueeze(0)),
             Row(gradients.numbers.norm_weight), "gradient of the normalisation's weight");
  ExpectNear(GridOf(Named("layer.norm.bias").grad().unsqueeze(0)), Row(gradients.numbers.norm_bias),
             "gradient of the normalisation's bias");
}

TEST_P(BinarizedBlock, NormalisesByRunningStatisticsWhereverNothingIsLearned) {
  const c10::InferenceMode inference;
  for (int update = 0; update < 3; ++update) {
    layer_->Forward(Draw(InputShape(GetParam().kind), random_), kUpdate);
  }
  const at::Tensor input = Draw(InputShape(GetParam().kind), random_);
  const at::Tensor mean = Named("layer.norm.running_mean").clone();
  ExpectNear(GridOf(layer_->Forward(input, kUse)), PlainBlock().Forward(GridOf(input)), "output");
  EXPECT_TRUE(at::equal(mean, Named("layer.norm.running_mean"))) << "using it changes nothing";
  EXPECT_EQ(Named("layer.norm.num_batches_tracked").item<float>(), 3);
}

INSTANTIATE_TEST_SUITE_P(
    , BinarizedBlock, ::testing::ValuesIn([] {
      std::vector<Case> cases;
      for (Backend backend : {Backend::kBinaryConnect, Backend::kBnn, Backend::kXnorNet}) {
        for (Kind kind : {Kind::kConvolution, Kind::kOnPicture, Kind::kOnVector}) {
          for (auto mode : {NormalisationMode::kRunning, NormalisationMode::kBatch}) {
            for (Ste ste : {Ste::kIdentity, Ste::kHardTanh, Ste::kBireal}) {
              if (backend == Backend::kBinaryConnect && ste != Ste::kHardTanh) continue;
              cases.push_back({backend, kind, mode, ste});
            }
          }
        }
      }
      return cases;
    }()),
    NameOf);

// Layers at the ends of a network, by name of their parameters.
std::vector<std::string> NamesOf(const Parameters& parameters) {
  std::vector<std::string> names;
  for (const NamedTensor& entry : parameters.trained()) names.push_back(entry.name);
  return names;
}

struct End {
  End(NetworkSection options, bool is_first, float input_scale) {
    RandomStream init(3, "init");
    const LayerSite site{"end", Product::OnVector(4, 3), {}, is_first, !is_first, input_scale};
    const BinarizedBackend backend(options);
    layer =
        is_first ? backend.Hidden(site, parameters, init) : backend.Output(site, parameters, init);
  }

  at::Tensor Sums(const at::Tensor& input) const {
    const at::Tensor& weight = parameters.entries()[0].value;
    return at::linear(input, at::where(weight >= 0, 1.0f, -1.0f));
  }

  Parameters parameters;
  std::unique_ptr<Layer> layer;
};

NetworkSection Options(Backend backend, LayerKind kind) {
  NetworkSection options;
  options.backend = backend;
  options.first_layer = options.last_layer = kind;
  return options;
}

TEST(BinarizedBackend, FirstAndLastLayerAreRealUnlessTheyAreAskedToBeBinary) {
  using Names = std::vector<std::string>;
  const auto first = [](Backend backend, LayerKind kind) {
    return NamesOf(End(Options(backend, kind), true, 1).parameters);
  };
  const auto last = [](Backend backend, LayerKind kind) {
    return NamesOf(End(Options(backend, kind), false, 1).parameters);
  };
  for (Backend backend : {Backend::kBinaryConnect, Backend::kBnn}) {
    EXPECT_EQ(first(backend, LayerKind::kReal),
              (Names{"end.weight", "end.bias", "end.norm.weight", "end.norm.bias"}));
    EXPECT_EQ(first(backend, LayerKind::kBinary),
              (Names{"end.weight", "end.norm.weight", "end.norm.bias"}));
    EXPECT_EQ(last(backend, LayerKind::kReal), (Names{"end.weight", "end.bias"}));
    EXPECT_EQ(last(backend, LayerKind::kBinary),
              (Names{"end.weight", "end.norm.weight", "end.norm.bias"}));
  }
  EXPECT_EQ(first(Backend::kXnorNet, LayerKind::kReal), (Names{"end.weight", "end.bias"}));
  EXPECT_EQ(first(Backend::kXnorNet, LayerKind::kBinary), (Names{"end.weight"}));
  for (LayerKind kind : {LayerKind::kReal, LayerKind::kBinary}) {
    EXPECT_EQ(last(Backend::kXnorNet, kind),
              (Names{"end.norm.weight", "end.norm.bias", "end.weight", "end.bias"}));
  }
}

TEST(BinarizedBackend, ABinaryFirstLayerSumsIntegersExactlyAndScalesAfterwards) {
  const float scale = 1.0f / 255;
  const End end(Options(Backend::kXnorNet, LayerKind::kBinary), true, scale);
  const at::Tensor pixels = at::tensor({255.0f, 3.0f, 77.0f, 101.0f}).view({1, 4});
  const c10::InferenceMode inference;
  const at::Tensor alpha = end.parameters.entries()[0].value.abs().mean(1);
  EXPECT_TRUE(at::equal(end.layer->Forward(pixels, kUse), end.Sums(pixels) * (alpha * scale)));
}

TEST(BinarizedBackend, ANetworkWithABinaryFirstLayerTakesPixelsAsTheyAreStored) {
  const ObservationSpec atari = AtariObservation();
  NetworkSection options = Options(Backend::kBnn, LayerKind::kReal);
  options.architecture = Architecture::kNatureCnn;
  RandomStream init(1, "init");
  EXPECT_EQ(QNetwork(options, atari, 4, init).state_scale(), 1.0f / 255);
  options.first_layer = LayerKind::kBinary;
  EXPECT_EQ(QNetwork(options, atari, 4, init).state_scale(), 1);
}

// Sums of +-1 and of pixels are integers; float32 holds them exactly whatever the order of
// additions, up to 2^24. The largest of the Nature network: 3,136 signs, and 256 pixels of 255.
TEST(BinarizedBackend, SumsOfTheNatureNetworkAreExactIntegers) {
  RandomStream random(8, "signs");
  const c10::InferenceMode inference;
  const auto draw = [&](std::vector<int64_t> shape, bool signs) {
    at::Tensor x = at::empty(shape, at::kFloat);
    for (int64_t i = 0; i < x.numel(); ++i) {
      const auto byte = static_cast<float>(random.Below(256));
      x.data_ptr<float>()[i] = signs ? (byte < 128 ? -1.0f : 1.0f) : byte;
    }
    return x.dim() == 4 ? x.contiguous(at::MemoryFormat::ChannelsLast) : x;
  };
  const auto expect_exact = [](const Product& product, const at::Tensor& input,
                               const at::Tensor& weight) {
    const at::Tensor found = product.Apply(input, weight);
    EXPECT_TRUE(at::equal(
        found, product.Apply(input.to(at::kDouble), weight.to(at::kDouble)).to(at::kFloat)));
    EXPECT_TRUE(at::equal(found, found.round()));
  };
  expect_exact(Product::Convolution({4, 32, 8, 4}), draw({32, 4, 84, 84}, false),
               draw({32, 4, 8, 8}, true));
  expect_exact(Product::Convolution({32, 64, 4, 2}), draw({32, 32, 20, 20}, true),
               draw({64, 32, 4, 4}, true));
  expect_exact(Product::Convolution({64, 64, 3, 1}), draw({32, 64, 9, 9}, true),
               draw({64, 64, 3, 3}, true));
  expect_exact(Product::OnPicture({64, 7, 7}, 512), draw({32, 64, 7, 7}, true),
               draw({512, 64, 7, 7}, true));
}

}  // namespace
}  // namespace dqnd
