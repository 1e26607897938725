#include "trainer/export/packed_network.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <string>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include "tests/trainer/network/observations.h"
#include "trainer/export/comparison.h"

namespace dqnd {
namespace {

using ::testing::HasSubstr;

enum class Game { kMinatar, kAtari, kCatch, kCartPole };

ObservationSpec ObservationOf(Game game) {
  switch (game) {
    case Game::kMinatar:
      return MinatarObservation(7);
    case Game::kAtari:
      return AtariObservation();
    case Game::kCatch:
      return {.type = ElementType::kUint8, .height = 10, .width = 5, .channels = 1, .stack = 2};
    case Game::kCartPole:
      break;
  }
  return VectorObservation(4);
}

struct Case {
  Game game;
  Backend backend;
  LayerKind first_layer, last_layer;
  bool shift_based = false;
  std::vector<int64_t> hidden_sizes = {30, 20};  // no multiples of a word
};

NetworkSection OptionsOf(const Case& c) {
  NetworkSection options;
  options.backend = c.backend;
  options.first_layer = c.first_layer;
  options.last_layer = c.last_layer;
  options.shift_based_normalisation = c.shift_based;
  options.architecture = c.game == Game::kMinatar ? Architecture::kMinatarCnn
                         : c.game == Game::kAtari ? Architecture::kNatureCnn
                                                  : Architecture::kMlp;
  if (options.architecture == Architecture::kMlp) options.hidden_sizes = c.hidden_sizes;
  return options;
}

// Observations as games have them: zeros and ones, pixels, numbers of order one.
std::vector<uint8_t> DrawState(Game game, const ObservationSpec& spec, RandomStream& random) {
  std::vector<uint8_t> state(static_cast<size_t>(spec.bytes()) * spec.stack);
  if (spec.type == ElementType::kFloat32) {
    const bool state_is_fast = random.Below(4) == 0;
    for (size_t i = 0; i < state.size(); i += sizeof(float)) {
      // As large as an angular velocity of Acrobot, 28.3, in every fourth state.
      const double range = state_is_fast ? 28.3 : 1;
      const auto number = static_cast<float>((2 * random.Uniform() - 1) * range);
      std::memcpy(state.data() + i, &number, sizeof number);
    }
    return state;
  }
  for (uint8_t& byte : state)
    byte = static_cast<uint8_t>(random.Below(game == Game::kAtari ? 256 : 2));
  return state;
}

bool ProcessorHas(packed_net_path path) {
#ifdef __x86_64__
  if (path == PACKED_NET_AVX2) return __builtin_cpu_supports("avx2") != 0;
  if (path == PACKED_NET_AVX512) {
    return __builtin_cpu_supports("avx512vpopcntdq") != 0 &&
           __builtin_cpu_supports("avx512vnni") != 0 && __builtin_cpu_supports("avx512dq") != 0;
  }
#endif
  return path == PACKED_NET_PORTABLE;
}

class PackedNetworkTest : public ::testing::TestWithParam<Case> {
 protected:
  PackedNetworkTest()
      : observation_(ObservationOf(GetParam().game)),
        options_(OptionsOf(GetParam())),
        init_(4, "init"),
        network_(options_, observation_, 6, init_),
        converter_(observation_, network_.state_scale()),
        random_(9, "states") {
    // Statistics as an update leaves them, and normalisations that nothing has left as they began:
    // scales of both signs and of 0.
    const c10::NoGradGuard no_grad;
    for (const NamedTensor& entry : network_.parameters().trained()) {
      const bool is_norm = entry.name.find(".norm.") != std::string::npos;
      if (!is_norm) continue;
      for (int64_t i = 0; i < entry.value.numel(); ++i) {
        entry.value.data_ptr<float>()[i] =
            i % 11 == 5 ? 0 : static_cast<float>(2 * random_.Uniform() - 1);
      }
    }
    for (int update = 0; update < 3; ++update) {
      std::vector<uint8_t> batch;
      for (int sample = 0; sample < 8; ++sample) {
        const std::vector<uint8_t> state = DrawState(GetParam().game, observation_, random_);
        batch.insert(batch.end(), state.begin(), state.end());
      }
      network_.Forward(converter_.Convert(batch), kUpdate);
    }
  }

  const ObservationSpec observation_;
  const NetworkSection options_;
  RandomStream init_;
  QNetwork network_;
  StateConverter converter_;
  RandomStream random_;
};

TEST_P(PackedNetworkTest, DecidesAsItsNetworkOnEveryCodePath) {
  const PackedExport exported = PackNetwork(network_, options_, observation_);
  const std::string bytes = EncodePacked(exported.network);
  const int states = GetParam().game == Game::kAtari ? 4 : 60;
  for (packed_net_path path : {PACKED_NET_PORTABLE, PACKED_NET_AVX2, PACKED_NET_AVX512}) {
    PackedFile file(bytes, "test");
    EXPECT_EQ(packed_net_use(&file.net(), path) != 0, ProcessorHas(path)) << path;
    if (!ProcessorHas(path)) continue;
    Comparison comparison(network_, options_, observation_, exported, file);
    RandomStream random(12, "played");
    for (int i = 0; i < states; ++i)
      comparison.Play(DrawState(GetParam().game, observation_, random));
    const Comparison::Counts& counts = comparison.counts();
    EXPECT_TRUE(comparison.is_sound())
        << "path " << path << ": " << counts.sums_differing << " of " << counts.sums << " sums, "
        << counts.first_sums_beyond << " of " << counts.first_sums
        << " first sums beyond the bound, " << counts.actions_unexplained
        << " actions, values off by " << counts.largest_value_error << " of "
        << counts.largest_value_bound;
    if (!exported.first) {
      EXPECT_EQ(counts.first_bits_differing.size(), 0);
      EXPECT_GT(counts.sums, 0);
    } else {
      // Few of the signs are so near to their threshold.
      EXPECT_LE(counts.first_bits_differing.size(), counts.first_sums / 500);
    }
  }
}

std::string NameOf(const ::testing::TestParamInfo<Case>& info) {
  const Case& c = info.param;
  return std::vector<std::string>{"minatar", "atari", "catch",
                                  "cartpole"}[static_cast<int>(c.game)] +
         "_" + std::string(kBackendNames[static_cast<int>(c.backend)]) +
         (c.first_layer == LayerKind::kReal ? "_real" : "_binary") +
         (c.last_layer == LayerKind::kReal ? "_real" : "_binary") +
         (c.shift_based ? "_shifts" : "") + (c.hidden_sizes.size() == 1 ? "_shallow" : "");
}

INSTANTIATE_TEST_SUITE_P(
    , PackedNetworkTest, ::testing::ValuesIn([] {
      std::vector<Case> cases;
      for (Game game : {Game::kMinatar, Game::kAtari, Game::kCatch, Game::kCartPole}) {
        for (Backend backend : {Backend::kBnn, Backend::kXnorNet}) {
          for (LayerKind first : {LayerKind::kReal, LayerKind::kBinary}) {
            for (LayerKind last : {LayerKind::kReal, LayerKind::kBinary}) {
              cases.push_back({game, backend, first, last});
            }
          }
        }
      }
      cases.push_back({Game::kMinatar, Backend::kBnn, LayerKind::kBinary, LayerKind::kReal, true});
      for (Game game : {Game::kCatch, Game::kCartPole}) {
        for (Backend backend : {Backend::kBnn, Backend::kXnorNet}) {
          cases.push_back({game, backend, LayerKind::kReal, LayerKind::kReal, false, {30}});
        }
      }
      return cases;
    }()),
    NameOf);

TEST(PackNetwork, RefusesANetworkWhoseActivationsAreRealAndSaysWhatTakesIt) {
  for (Backend backend : {Backend::kFloat, Backend::kBinaryConnect}) {
    NetworkSection options;
    options.backend = backend;
    RandomStream init(1, "init");
    const ObservationSpec observation = ObservationOf(Game::kMinatar);
    const QNetwork network(options, observation, 3, init);
    try {
      PackNetwork(network, options, observation);
      FAIL() << "was accepted";
    } catch (const std::invalid_argument& error) {
      EXPECT_THAT(error.what(), HasSubstr("only bnn and xnor_net"));
      EXPECT_THAT(error.what(), HasSubstr("--format=safetensors"));
    }
  }
}

TEST(PackNetwork, RefusesALayerThatIsTooWideForASumByName) {
  NetworkSection options;
  options.backend = Backend::kBnn;
  options.architecture = Architecture::kMlp;
  options.hidden_sizes = {2};
  RandomStream init(1, "init");
  const ObservationSpec observation = VectorObservation(65'537);
  const QNetwork network(options, observation, 3, init);
  EXPECT_THAT([&] { PackNetwork(network, options, observation); },
              ::testing::ThrowsMessage<std::invalid_argument>(
                  HasSubstr("fc1 adds 65537 numbers in one sum, and a packed network at most")));
}

// Boards of 0 and 1 are far from the 255 that a byte could be: the bound is that of the state.
TEST(Comparison, TellsAFirstLayerApartThatHasLostHalfOfItsBits) {
  NetworkSection options;
  options.backend = Backend::kBnn;
  RandomStream init(1, "init"), random(2, "states");
  const ObservationSpec observation = MinatarObservation(4);
  const QNetwork network(options, observation, 6, init);
  const PackedExport exported = PackNetwork(network, options, observation);
  for (const bool coarse : {false, true}) {
    PackedNetwork packed = exported.network;
    if (coarse) {
      for (float& weight : packed.layers[0].weights) weight = std::round(weight / 256) * 256;
    }
    PackedFile file(EncodePacked(packed), "test");
    Comparison comparison(network, options, observation, exported, file);
    for (int i = 0; i < 50; ++i) {
      comparison.Play(DrawState(Game::kMinatar, observation, random));
    }
    EXPECT_EQ(comparison.is_sound(), !coarse);
  }
}

// Every change of a last layer that could move an action is told apart, though the first layer's
// bits and all sums are as they were.
TEST(Comparison, TellsALastLayerApartThatWasChangedBeyondItsRounding) {
  enum class Change { kNone, kOffset, kCoarse };
  for (const Backend backend : {Backend::kBnn, Backend::kXnorNet}) {
    NetworkSection options;
    options.backend = backend;
    RandomStream init(1, "init"), random(2, "states");
    const ObservationSpec observation = MinatarObservation(4);
    const QNetwork network(options, observation, 6, init);
    const PackedExport exported = PackNetwork(network, options, observation);
    for (const Change change : {Change::kNone, Change::kOffset, Change::kCoarse}) {
      PackedNetwork packed = exported.network;
      PackedLayer& last = packed.layers.back();
      if (change == Change::kOffset) {
        last.offsets[0] += std::llround(std::ldexp(0.02 / packed.value_scale, last.shift));
      }
      if (change == Change::kCoarse) {
        for (float& weight : last.weights) weight = std::round(weight / 4096) * 4096;
      }
      PackedFile file(EncodePacked(packed), "test");
      Comparison comparison(network, options, observation, exported, file);
      for (int i = 0; i < 50; ++i) {
        comparison.Play(DrawState(Game::kMinatar, observation, random));
      }
      EXPECT_EQ(comparison.is_sound(), change == Change::kNone)
          << static_cast<int>(backend) << ", change " << static_cast<int>(change);
      EXPECT_EQ(comparison.counts().sums_differing, 0);
      EXPECT_LT(comparison.counts().largest_value_bound, 0.01);
    }
  }
}

}  // namespace
}  // namespace dqnd
