#include "trainer/network/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include "trainer/network/q_network.h"

namespace dqnd {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

QNetwork Network(uint64_t seed, int num_actions = 3) {
  RandomStream init(seed, "init");
  NetworkSection options;
  options.architecture = Architecture::kMlp;
  options.hidden_sizes = {16};
  return QNetwork(options, {.type = ElementType::kFloat32, .channels = 8}, num_actions, init);
}

std::string State(const QNetwork& network) {
  std::string bytes;
  for (const NamedTensor& tensor : network.parameters().entries()) {
    bytes.append(reinterpret_cast<const char*>(tensor.value.const_data_ptr<float>()),
                 tensor.value.nbytes());
  }
  return bytes;
}

std::string ErrorOf(const std::string& bytes) {
  QNetwork network = Network(2);
  try {
    DecodeSafetensors(bytes, "net.safetensors", network.parameters().entries());
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "";
}

TEST(Safetensors, ANetworkReadBackIsEqualToTheBit) {
  const QNetwork saved = Network(1);
  QNetwork loaded = Network(2);
  ASSERT_NE(State(saved), State(loaded));
  DecodeSafetensors(EncodeSafetensors(saved.parameters().entries(), {{"env_steps", "5"}}), "net",
                    loaded.parameters().entries());
  EXPECT_EQ(State(saved), State(loaded));
}

TEST(Safetensors, EveryTruncationIsRefusedWithTheFilesName) {
  const std::string bytes = EncodeSafetensors(Network(1).parameters().entries(), {});
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_THAT(ErrorOf(bytes.substr(0, size)), StartsWith("net.safetensors: ")) << size;
  }
  EXPECT_EQ(ErrorOf(bytes), "");
}

TEST(Safetensors, AHeaderDamagedAnywhereIsRefusedOrChangesNothingThatIsRead) {
  const std::string bytes = EncodeSafetensors(Network(1).parameters().entries(), {});
  const size_t header_end = bytes.find("}}") + 2;
  for (size_t position = 0; position < header_end; ++position) {
    std::string damaged = bytes;
    damaged[position] ^= 0x15;
    QNetwork network = Network(2);
    try {
      DecodeSafetensors(damaged, "net", network.parameters().entries());
    } catch (const std::runtime_error&) {
      continue;
    }
    EXPECT_EQ(State(network).size(), State(Network(1)).size());
  }
}

TEST(Safetensors, ALargerNetworksFileIsRefusedThoughItHasEveryTensor) {
  const QNetwork network = Network(1);
  std::vector<NamedTensor> tensors = network.parameters().entries();
  tensors.push_back({"fc2.bias", tensors.back().value, tensors.back().shape});
  EXPECT_THAT(ErrorOf(EncodeSafetensors(tensors, {{"a", "b"}})),
              HasSubstr("has 5 tensors, the network 4"));
}

TEST(Safetensors, AnotherNetworksFileIsRefusedNamingTheTensor) {
  EXPECT_THAT(ErrorOf(EncodeSafetensors(Network(1, 5).parameters().entries(), {})),
              HasSubstr("output.weight is F32 [5, 16], the network needs F32 [3, 16]"));
}

}  // namespace
}  // namespace dqnd
