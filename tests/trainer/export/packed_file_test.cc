#include "trainer/export/packed_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
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

// Every product and activation that SmallNetwork lacks, from bytes and from floats.
PackedNetwork RectifiedNetwork(bool input_is_float) {
  PackedNetwork network{
      .input_is_float = input_is_float, .channels = 5, .actions = 2, .value_scale = 0.25};
  RandomStream random(4, "network");
  const auto numbers = [&](uint32_t count) {
    std::vector<float> weights(count);
    for (float& w : weights) w = static_cast<float>(random.Below(2001)) - 1000;
    return weights;
  };
  PackedLayer first{.product = input_is_float ? PACKED_NET_FLOATS : PACKED_NET_BYTES_INT16,
                    .in_channels = 5,
                    .outputs = 9,
                    .weights = numbers(45)};
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

// A file whose checksum is right says whatever its author wanted. What is accepted can be played.
TEST(PackedFile, ForgedOnesAreRefusedOrPlayWithinTheirMemory) {
  RandomStream random(6, "forgeries");
  const uint32_t numbers[] = {0, 1, 2, 3, 5, 6, 7, 8, 64, 255, 65'535, 65'536, 1u << 31, ~0u};
  for (const PackedNetwork& network :
       {SmallNetwork(), RectifiedNetwork(false), RectifiedNetwork(true)}) {
    const std::string bytes = EncodePacked(network);
    const size_t head_words = (64 + network.layers.size() * 64) / 4;
    int played = 0;
    for (int i = 0; i < 10'000; ++i) {
      std::string forged = bytes;
      for (uint64_t changes = 1 + random.Below(3); changes > 0; --changes) {
        // Half of them where sizes and offsets are, the others among weights and factors.
        const size_t word =
            4 + random.Below((random.Below(2) == 0 ? head_words : bytes.size() / 4) - 4);
        const uint32_t number = random.Below(2) == 0 ? numbers[random.Below(std::size(numbers))]
                                                     : static_cast<uint32_t>(random.Below(700));
        std::memcpy(forged.data() + word * 4, &number, sizeof number);
      }
      const auto crc =
          static_cast<uint32_t>(::crc32(0, reinterpret_cast<const Bytef*>(forged.data()) + 16,
                                        static_cast<uInt>(forged.size() - 16)));
      std::memcpy(forged.data() + 12, &crc, sizeof crc);
      if (StatusOf(forged) != PACKED_NET_OK) continue;
      PackedFile file(forged, "forged");
      const size_t inputs = size_t{file.net().height} * file.net().width * file.net().channels;
      Values(file, std::vector<uint8_t>(inputs * (file.net().input_is_float ? 4 : 1), 7));
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
