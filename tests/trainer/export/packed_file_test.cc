#include "trainer/export/packed_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include <zlib.h>

#include "base/random_stream.h"
#include "trainer/export/packed_header.h"

namespace dqnd {
namespace {

using ::testing::HasSubstr;

// A picture of 6 x 5 x 3 bytes, a binary convolution, a hidden layer and two actions, with numbers
// from a stream.
PackedNetwork SmallNetwork() {
  RandomStream random(2, "network");
  const auto signs = [&](uint32_t count) {
    std::vector<float> weights(count);
    for (float& w : weights) w = random.Below(2) == 0 ? -1.0f : 1.0f;
    return weights;
  };
  const auto thresholds = [&](uint32_t count) {
    std::vector<int32_t> numbers(count);
    for (int32_t& t : numbers) t = static_cast<int32_t>(random.Below(9)) - 4;
    return numbers;
  };
  PackedNetwork network{.height = 6, .width = 5, .channels = 3, .actions = 2, .value_scale = 0.5};
  network.layers.push_back({.product = PACKED_NET_BYTES_BITS,
                            .in_height = 6,
                            .in_width = 5,
                            .in_channels = 3,
                            .kernel_height = 2,
                            .kernel_width = 3,
                            .outputs = 8,
                            .weights = signs(8 * 18),
                            .thresholds = thresholds(8),
                            .flips = {false, true, false, true, false, false, false, true}});
  network.layers.push_back({.in_height = 5,
                            .in_width = 3,
                            .in_channels = 8,
                            .kernel_height = 5,
                            .kernel_width = 3,
                            .outputs = 10,
                            .weights = signs(10 * 120),
                            .thresholds = thresholds(10),
                            .flips = std::vector<bool>(10)});
  network.layers.push_back(
      {.product = PACKED_NET_BITS_INT16,
       .activation = PACKED_NET_VALUES,
       .in_channels = 10,
       .outputs = 2,
       .weights = {1, -2, 3, -4, 5, -6, 7, -8, 9, -10, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3},
       .factors = {1, 1},
       .offsets = {-7, 100}});
  return network;
}

// Times 255 and 32,767, more than 32 bits hold.
constexpr uint32_t kManyInputs = 300;

// Every product and activation that SmallNetwork lacks, from bytes and from floats.
PackedNetwork RectifiedNetwork(bool input_is_float) {
  PackedNetwork network{
      .input_is_float = input_is_float, .channels = kManyInputs, .actions = 2, .value_scale = 0.25};
  RandomStream random(4, "network");
  const auto numbers = [&](uint32_t count) {
    std::vector<float> weights(count);
    for (float& w : weights) w = static_cast<float>(random.Below(2001)) - 1000;
    return weights;
  };
  PackedLayer first{.product = input_is_float ? PACKED_NET_FLOATS : PACKED_NET_BYTES_INT16,
                    .in_channels = kManyInputs,
                    .outputs = 9,
                    .weights = numbers(9 * kManyInputs)};
  if (input_is_float) {
    first.activation = PACKED_NET_RECTIFIER;
    first.bias = numbers(9);
    first.real_factors.assign(9, 0.5f);
    first.real_offsets.assign(9, 0.25f);
    network.layers.push_back(first);
  } else {
    first.thresholds.assign(9, 17);
    first.flips.assign(9, false);
    network.layers.push_back(first);
    network.layers.push_back({.activation = PACKED_NET_RECTIFIER,
                              .in_channels = 9,
                              .outputs = 9,
                              .shift = 3,
                              .weights = numbers(81),
                              .factors = std::vector<int64_t>(9, 5),
                              .offsets = std::vector<int64_t>(9, 4)});
  }
  network.layers.push_back({.product = PACKED_NET_INT32_INT16,
                            .activation = PACKED_NET_VALUES,
                            .in_channels = 9,
                            .outputs = 2,
                            .weights = numbers(18),
                            .factors = {1, 1},
                            .offsets = {0, 0}});
  return network;
}

// Of SmallNetwork, in loops.
std::vector<int32_t> PlainValues(const PackedNetwork& network,
                                 const std::vector<uint8_t>& observation) {
  std::vector<int32_t> input(observation.begin(), observation.end());
  for (const PackedLayer& layer : network.layers) {
    std::vector<int32_t> output;
    const uint32_t height = (layer.in_height - layer.kernel_height) / layer.stride + 1;
    const uint32_t width = (layer.in_width - layer.kernel_width) / layer.stride + 1;
    for (uint32_t position = 0; position < height * width; ++position) {
      for (uint32_t o = 0; o < layer.outputs; ++o) {
        int32_t sum = 0;
        for (uint32_t i = 0; i < layer.fan_in(); ++i) {
          const uint32_t channel = i % layer.in_channels, pixel = i / layer.in_channels;
          const uint32_t y = position / width + pixel / layer.kernel_width;
          const uint32_t x = position % width + pixel % layer.kernel_width;
          sum += static_cast<int32_t>(layer.weights[o * layer.fan_in() + i]) *
                 input[(y * layer.in_width + x) * layer.in_channels + channel];
        }
        if (layer.activation == PACKED_NET_SIGN) {
          output.push_back((sum >= layer.thresholds[o]) != layer.flips[o] ? 1 : -1);
        } else {
          output.push_back(sum + static_cast<int32_t>(layer.offsets[o]));
        }
      }
    }
    input = output;
  }
  return input;
}

std::vector<int32_t> Values(PackedFile& file, const std::vector<uint8_t>& observation) {
  std::vector<int32_t> values(file.net().actions);
  packed_net_values(&file.net(), observation.data(), file.scratch(), values.data());
  return values;
}

TEST(PackedFile, PlaysWhatItsNumbersSayOnEveryCodePath) {
  const PackedNetwork network = SmallNetwork();
  const std::string bytes = EncodePacked(network);
  RandomStream random(3, "observations");
  for (packed_net_path path : {PACKED_NET_PORTABLE, PACKED_NET_AVX2, PACKED_NET_AVX512}) {
    PackedFile file(bytes, "net");
    if (packed_net_use(&file.net(), path) == 0) continue;
    for (int i = 0; i < 200; ++i) {
      std::vector<uint8_t> observation(90);
      for (uint8_t& byte : observation)
        byte = static_cast<uint8_t>(random.Below(i % 2 == 0 ? 256 : 2));
      ASSERT_EQ(Values(file, observation), PlainValues(network, observation)) << "path " << path;
    }
  }
}

packed_net_status StatusOf(const std::string& bytes) {
  std::vector<uint64_t> aligned(bytes.size() / 8 + 1);
  std::memcpy(aligned.data(), bytes.data(), bytes.size());
  packed_net net;
  return packed_net_open(aligned.data(), bytes.size(), &net);
}

TEST(PackedFile, IsRefusedWithAnyBitFlippedAndAtAnyLengthButItsOwn) {
  const std::string bytes = EncodePacked(SmallNetwork());
  ASSERT_EQ(StatusOf(bytes), PACKED_NET_OK);
  for (size_t i = 0; i < bytes.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = bytes;
      damaged[i] = static_cast<char>(damaged[i] ^ (1 << bit));
      ASSERT_NE(StatusOf(damaged), PACKED_NET_OK) << "byte " << i;
    }
    ASSERT_NE(StatusOf(bytes.substr(0, i)), PACKED_NET_OK) << "length " << i;
  }
  EXPECT_NE(StatusOf(bytes + std::string(8, '\0')), PACKED_NET_OK);
}

TEST(PackedFile, SaysWhatIsWrong) {
  std::string bytes = EncodePacked(SmallNetwork());
  bytes[100] ^= 1;
  try {
    PackedFile(bytes, "agent.dqnp");
    FAIL() << "was accepted";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "agent.dqnp: the file is damaged: its checksum does not match");
  }
  bytes[7] = 9;
  EXPECT_EQ(StatusOf(bytes), PACKED_NET_VERSION);
  EXPECT_EQ(StatusOf("no network, and neither short"
                     "............................................................"),
            PACKED_NET_NOT_PACKED);
}

// Gives `bytes` the checksum of its content.
void Seal(std::string& bytes) {
  const auto crc = static_cast<uint32_t>(::crc32(
      0, reinterpret_cast<const Bytef*>(bytes.data()) + 16, static_cast<uInt>(bytes.size() - 16)));
  std::memcpy(bytes.data() + 12, &crc, sizeof crc);
}

TEST(PackedFile, AScaleThatIsNoPositiveNumberIsRefused) {
  for (const double scale : {0.0, -1.0, std::numeric_limits<double>::quiet_NaN(),
                             std::numeric_limits<double>::infinity()}) {
    std::string forged = EncodePacked(SmallNetwork());
    std::memcpy(forged.data() + 40, &scale, sizeof scale);
    Seal(forged);
    EXPECT_EQ(StatusOf(forged), PACKED_NET_IMPOSSIBLE) << scale;
  }
}

// The sums of outputs that only fill a group are computed, too.
TEST(PackedFile, WeightsWhoseSumWouldOverflowAreRefusedInPaddedOutputsToo) {
  PackedNetwork network = RectifiedNetwork(false);
  PackedLayer& first = network.layers[0];
  first.outputs = 16;
  first.thresholds.assign(16, 0);
  first.flips.assign(16, false);
  network.layers[1].in_channels = 16;
  network.layers[1].weights.assign(size_t{9} * 16, 1.0f);
  // Of the last output alone.
  const auto with_weight = [&](float weight) {
    first.weights.assign(size_t{16} * kManyInputs, 0.0f);
    std::fill_n(first.weights.end() - kManyInputs, kManyInputs, weight);
    return EncodePacked(network);
  };
  for (const bool is_padding : {false, true}) {
    for (const bool overflows : {false, true}) {
      std::string forged = with_weight(overflows ? 32'767.0f : 28'000.0f);
      if (is_padding) {
        const uint32_t fewer = 9;
        std::memcpy(forged.data() + 64 + 32, &fewer, sizeof fewer);   // outputs of the first layer
        std::memcpy(forged.data() + 128 + 16, &fewer, sizeof fewer);  // inputs of the second
        Seal(forged);
      }
      EXPECT_EQ(StatusOf(forged), overflows ? PACKED_NET_IMPOSSIBLE : PACKED_NET_OK);
    }
  }
}

// A file whose checksum is right says whatever its author wanted. What is accepted can be played.
TEST(PackedFile, ForgedOnesAreRefusedOrPlayWithinTheirMemory) {
  RandomStream random(6, "forgeries");
  const uint32_t numbers[] = {0, 1, 2, 3, 5, 6, 7, 8, 64, 255, 65'535, 65'536, 1u << 31, ~0u};
  for (const PackedNetwork& network :
       {SmallNetwork(), RectifiedNetwork(false), RectifiedNetwork(true)}) {
    const std::string bytes = EncodePacked(network);
    ASSERT_EQ(StatusOf(bytes), PACKED_NET_OK);
    const size_t head_words = (64 + network.layers.size() * 64) / 4;
    int played = 0;
    for (int i = 0; i < 10'000; ++i) {
      std::string forged = bytes;
      for (uint64_t changes = 1 + random.Below(3); changes > 0; --changes) {
        // Sizes and offsets, or weights, thresholds and factors.
        const bool in_head = random.Below(3) == 0;
        const size_t first = in_head ? 4 : head_words,
                     end = in_head ? head_words : bytes.size() / 4;
        const size_t word = first + random.Below(end - first);
        const uint64_t any = in_head ? random.Below(700) : random.NextUint64();
        const uint32_t number = random.Below(2) == 0 ? static_cast<uint32_t>(any)
                                : in_head            ? numbers[random.Below(std::size(numbers))]
                                                     : 0x7fff7fffu;
        std::memcpy(forged.data() + word * 4, &number, sizeof number);
      }
      Seal(forged);
      if (StatusOf(forged) != PACKED_NET_OK) continue;
      PackedFile file(forged, "forged");
      const size_t inputs = size_t{file.net().height} * file.net().width * file.net().channels;
      const bool is_float = file.net().input_is_float != 0;
      Values(file, std::vector<uint8_t>(inputs * (is_float ? 4 : 1), is_float ? 7 : 255));
      ++played;
    }
    EXPECT_GT(played, 100);
  }
}

TEST(PackedHeader, HoldsTheFileAndTheSizesThatAProgramNeeds) {
  const std::string bytes = EncodePacked(SmallNetwork());
  const std::string header = PackedHeader(bytes, "my-agent 2", "minatar:breakout");
  EXPECT_THAT(header, HasSubstr("static const uint64_t my_agent_2[] = {"));
  EXPECT_THAT(header, HasSubstr("#define MY_AGENT_2_ACTIONS 2u\n"));
  EXPECT_THAT(header,
              HasSubstr("#define MY_AGENT_2_BYTES " + std::to_string(bytes.size()) + "u\n"));
  EXPECT_THAT(header, HasSubstr("0x01444b50444e5144,"));  // DQNDPKD, version 1
}

}  // namespace
}  // namespace dqnd
