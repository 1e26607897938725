#include "trainer/network/q_network.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <map>

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include "tests/trainer/network/observations.h"
#include "trainer/network/safetensors.h"

namespace dqnd {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

NetworkSection With(Architecture architecture) {
  NetworkSection options;
  options.architecture = architecture;
  return options;
}

std::vector<std::pair<std::string, std::vector<int64_t>>> Shapes(const QNetwork& network) {
  std::vector<std::pair<std::string, std::vector<int64_t>>> shapes;
  for (const auto& entry : network.parameters().entries()) {
    shapes.emplace_back(entry.name, entry.shape);
  }
  return shapes;
}

using Shape = std::vector<int64_t>;

TEST(QNetwork, NatureCnnHasThePapersLayersUnderTheNamesOfAStateDict) {
  RandomStream init(1, "init");
  const QNetwork network(With(Architecture::kNatureCnn), AtariObservation(), 4, init);
  EXPECT_THAT(
      Shapes(network),
      ElementsAre(Pair("conv1.weight", Shape{32, 4, 8, 8}), Pair("conv1.bias", Shape{32}),
                  Pair("conv2.weight", Shape{64, 32, 4, 4}), Pair("conv2.bias", Shape{64}),
                  Pair("conv3.weight", Shape{64, 64, 3, 3}), Pair("conv3.bias", Shape{64}),
                  Pair("fc_hidden.weight", Shape{512, 3136}), Pair("fc_hidden.bias", Shape{512}),
                  Pair("output.weight", Shape{4, 512}), Pair("output.bias", Shape{4})));
  EXPECT_EQ(network.parameters().count(), 1'686'180);
}

TEST(QNetwork, MinatarCnnHasOneConvolutionAndOneHiddenLayer) {
  RandomStream init(1, "init");
  const QNetwork network(With(Architecture::kMinatarCnn), MinatarObservation(4), 6, init);
  EXPECT_THAT(
      Shapes(network),
      ElementsAre(Pair("conv.weight", Shape{16, 4, 3, 3}), Pair("conv.bias", Shape{16}),
                  Pair("fc_hidden.weight", Shape{128, 1024}), Pair("fc_hidden.bias", Shape{128}),
                  Pair("output.weight", Shape{6, 128}), Pair("output.bias", Shape{6})));
}

TEST(QNetwork, WidthMultipliesWhatLiesBetweenTheStateAndTheOutput) {
  RandomStream init(1, "init");
  NetworkSection options = With(Architecture::kMinatarCnn);
  options.width = 2;
  const QNetwork small(options, MinatarObservation(4), 6, init);
  EXPECT_THAT(
      Shapes(small),
      ElementsAre(Pair("conv.weight", Shape{32, 4, 3, 3}), Pair("conv.bias", Shape{32}),
                  Pair("fc_hidden.weight", Shape{256, 2048}), Pair("fc_hidden.bias", Shape{256}),
                  Pair("output.weight", Shape{6, 256}), Pair("output.bias", Shape{6})));
  options.architecture = Architecture::kNatureCnn;
  const QNetwork large(options, AtariObservation(), 4, init);
  EXPECT_THAT(
      Shapes(large),
      ElementsAre(Pair("conv1.weight", Shape{64, 4, 8, 8}), Pair("conv1.bias", Shape{64}),
                  Pair("conv2.weight", Shape{128, 64, 4, 4}), Pair("conv2.bias", Shape{128}),
                  Pair("conv3.weight", Shape{128, 128, 3, 3}), Pair("conv3.bias", Shape{128}),
                  Pair("fc_hidden.weight", Shape{1024, 6272}), Pair("fc_hidden.bias", Shape{1024}),
                  Pair("output.weight", Shape{4, 1024}), Pair("output.bias", Shape{4})));
}

TEST(QNetwork, MlpHasTheHiddenSizesThatAreConfigured) {
  RandomStream init(1, "init");
  NetworkSection options = With(Architecture::kMlp);
  options.hidden_sizes = {32, 16};
  const QNetwork network(options, VectorObservation(4), 2, init);
  EXPECT_THAT(Shapes(network),
              ElementsAre(Pair("fc1.weight", Shape{32, 4}), Pair("fc1.bias", Shape{32}),
                          Pair("fc2.weight", Shape{16, 32}), Pair("fc2.bias", Shape{16}),
                          Pair("output.weight", Shape{2, 16}), Pair("output.bias", Shape{2})));
}

TEST(QNetwork, AnArchitectureThatDoesNotFitTheObservationIsRefusedWithOneThatWould) {
  RandomStream init(1, "init");
  try {
    QNetwork(With(Architecture::kNatureCnn), MinatarObservation(4), 6, init);
    FAIL() << "was accepted";
  } catch (const std::invalid_argument& error) {
    EXPECT_THAT(error.what(), HasSubstr("use minatar_cnn"));
  }
}

TEST(QNetwork, InitialParametersAreUniformWithinPlusMinusOneOverTheRootOfFanIn) {
  RandomStream init(7, "init");
  const QNetwork network(With(Architecture::kMinatarCnn), MinatarObservation(4), 6, init);
  const std::map<std::string, double> fan_in = {{"conv", 36}, {"fc_hidden", 1024}, {"output", 128}};
  for (const auto& entry : network.parameters().entries()) {
    const double bound = 1 / std::sqrt(fan_in.at(entry.name.substr(0, entry.name.find('.'))));
    const at::Tensor values = entry.value.detach();
    EXPECT_LT(values.abs().max().item<float>(), bound) << entry.name;
    EXPECT_GT(values.abs().max().item<float>(), 0.6 * bound) << entry.name;
    // A uniform distribution's deviation is its half width over the root of 3.
    if (values.numel() > 500) {
      EXPECT_NEAR(values.std().item<float>(), bound / std::sqrt(3.0), 0.05 * bound) << entry.name;
    }
  }
}

TEST(QNetwork, TheSameSeedDrawsTheSameParametersAndAnotherSeedOthers) {
  const auto weights = [](uint64_t seed) {
    RandomStream init(seed, "init");
    const QNetwork network(With(Architecture::kMlp), VectorObservation(3), 2, init);
    return EncodeSafetensors(network.parameters().entries(), {});
  };
  EXPECT_EQ(weights(5), weights(5));
  EXPECT_NE(weights(5), weights(6));
}

// What a convolutional network computes, in loops, straight from its definition.
std::vector<double> PlainForward(const QNetwork& network, const std::vector<uint8_t>& board) {
  const auto& entries = network.parameters().entries();
  const auto at = [&](int entry, int64_t index) {
    return static_cast<double>(
        entries[entry].value.detach().contiguous().const_data_ptr<float>()[index]);
  };
  std::vector<double> convolved(16 * 8 * 8);
  for (int out = 0; out < 16; ++out) {
    for (int y = 0; y < 8; ++y) {
      for (int x = 0; x < 8; ++x) {
        double sum = at(1, out);
        for (int in = 0; in < 4; ++in) {
          for (int dy = 0; dy < 3; ++dy) {
            for (int dx = 0; dx < 3; ++dx) {
              sum += at(0, ((out * 4 + in) * 3 + dy) * 3 + dx) *
                     board[((y + dy) * 10 + x + dx) * 4 + in];
            }
          }
        }
        convolved[(out * 8 + y) * 8 + x] = std::max(sum, 0.0);
      }
    }
  }
  const auto linear = [&](int entry, const std::vector<double>& input, int outputs,
                          bool rectified) {
    std::vector<double> output(outputs);
    for (int out = 0; out < outputs; ++out) {
      output[out] = at(entry + 1, out);
      for (size_t in = 0; in < input.size(); ++in)
        output[out] += at(entry, out * input.size() + in) * input[in];
      if (rectified) output[out] = std::max(output[out], 0.0);
    }
    return output;
  };
  return linear(4, linear(2, convolved, 128, true), 6, false);
}

TEST(QNetwork, ForwardComputesWhatItsDefinitionSays) {
  RandomStream init(3, "init"), noise(3, "noise");
  const QNetwork network(With(Architecture::kMinatarCnn), MinatarObservation(4), 6, init);
  StateConverter converter(MinatarObservation(4), 1);
  std::vector<uint8_t> board(400);
  for (uint8_t& cell : board) cell = noise.Below(2);
  const c10::InferenceMode inference;
  const at::Tensor q = network.Forward(converter.Convert(board));
  const std::vector<double> expected = PlainForward(network, board);
  for (int action = 0; action < 6; ++action) {
    EXPECT_NEAR(q[0][action].item<float>(), expected[action], 1e-5);
  }
}

TEST(StateConverter, StackedFramesBecomeChannelsOldestFirstAndAreScaled) {
  const ObservationSpec spec{.height = 2, .width = 3, .channels = 2, .stack = 2, .scale = 0.5f};
  std::vector<uint8_t> states(2 * 2 * 2 * 3 * 2);  // [batch, stack, height, width, channels]
  for (size_t i = 0; i < states.size(); ++i) states[i] = static_cast<uint8_t>(i);
  StateConverter converter(spec, spec.scale);
  const at::Tensor converted = converter.Convert(states);
  ASSERT_THAT(converted.sizes().vec(), ElementsAre(2, 4, 2, 3));
  for (int sample = 0; sample < 2; ++sample) {
    for (int frame = 0; frame < 2; ++frame) {
      for (int channel = 0; channel < 2; ++channel) {
        for (int y = 0; y < 2; ++y) {
          for (int x = 0; x < 3; ++x) {
            const int stored = (((sample * 2 + frame) * 2 + y) * 3 + x) * 2 + channel;
            EXPECT_EQ(converted[sample][frame * 2 + channel][y][x].item<float>(), 0.5f * stored);
          }
        }
      }
    }
  }
}

TEST(StateConverter, FloatVectorsPassThroughUnchanged) {
  const std::vector<float> values = {1.5f, -2.25f, 1e-20f};
  std::vector<uint8_t> bytes(12);
  std::memcpy(bytes.data(), values.data(), 12);
  StateConverter converter(VectorObservation(3), 1);
  const at::Tensor converted = converter.Convert(bytes).flatten();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(converted[i].item<float>(), values[i]);
}

}  // namespace
}  // namespace dqnd
