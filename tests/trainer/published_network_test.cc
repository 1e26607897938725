#include "trainer/published_network.h"

#include <memory>
#include <thread>
#include <vector>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <gtest/gtest.h>

#include "base/random_stream.h"
#include "env_bridge/make_environment.h"
#include "trainer/export/packed_network.h"
#include "trainer/network/q_network.h"

namespace dqnd {
namespace {

class PublishedNetworkTest : public testing::Test {
 protected:
  // A network whose every parameter is the number of env_steps.
  void Publish(int64_t env_steps) {
    const c10::NoGradGuard no_grad;
    for (const NamedTensor& entry : network_.parameters().entries()) {
      entry.value.fill_(static_cast<double>(env_steps));
    }
    published_.Publish(network_.parameters(), env_steps);
  }

  // Of a board of zeros: the hidden layer is its bias, the output 32 products and a bias.
  static float ValueAfter(int64_t env_steps) {
    return static_cast<float>(32 * env_steps * env_steps + env_steps);
  }

  const EnvironmentSpec environment_ = MakeEnvironment({.id = "catch"})->spec();
  const NetworkSection options_{.architecture = Architecture::kMlp, .hidden_sizes = {32}};
  const std::vector<uint8_t> board_ = std::vector<uint8_t>(environment_.observation.bytes(), 0);
  RandomStream init_{1, "test"};
  QNetwork network_{options_, environment_.observation, environment_.num_actions(), init_};
  PublishedNetwork published_{options_, environment_};
};

TEST_F(PublishedNetworkTest, IsWantedWhileAPolicyExistsThatTakesTheNewestWhenAsked) {
  Publish(1);
  EXPECT_FALSE(published_.wanted());
  {
    const auto policy = published_.Make();
    EXPECT_TRUE(published_.wanted());
    EXPECT_EQ(policy->ActionValues(board_)[0], ValueAfter(1));
    Publish(2);
    Publish(3);
    EXPECT_EQ(policy->ActionValues(board_)[0], ValueAfter(1));
    EXPECT_EQ(policy->Refresh(), 3);
    EXPECT_EQ(policy->ActionValues(board_)[0], ValueAfter(3));
  }
  EXPECT_FALSE(published_.wanted());
}

TEST_F(PublishedNetworkTest, WhoeverRefreshesMeanwhileTakesAWholeCopyAndNeverAnOlderOne) {
  Publish(1);
  constexpr int64_t kLast = 400;  // small enough for values that float32 has exactly
  std::vector<std::jthread> readers;
  for (int reader = 0; reader < 3; ++reader) {
    readers.emplace_back([this] {
      const auto policy = published_.Make();
      for (int64_t before = 0; before < kLast;) {
        const int64_t env_steps = policy->Refresh();
        EXPECT_GE(env_steps, before);
        EXPECT_EQ(policy->ActionValues(board_)[0], ValueAfter(env_steps));
        before = env_steps;
      }
    });
  }
  for (int64_t env_steps = 2; env_steps < kLast; ++env_steps) Publish(env_steps);
  // One that a reader made it leave out comes with the next.
  const auto policy = published_.Make();
  while (policy->Refresh() < kLast) Publish(kLast);
}

// Of exhibition games and streams where network.actor is packed.
TEST(PublishedNetwork, OfAPackedActorHasTheValuesOfTheDevice) {
  const EnvironmentSpec environment = MakeEnvironment({.id = "catch"})->spec();
  NetworkSection options{.architecture = Architecture::kMlp, .hidden_sizes = {32}};
  options.backend = Backend::kBnn;
  options.actor = ActorKind::kPacked;
  RandomStream random(3, "test");
  PublishedNetwork published(options, environment);
  std::unique_ptr<LivePolicy> policy;
  for (int64_t env_steps = 1; env_steps <= 3; ++env_steps) {
    RandomStream init(env_steps, "init");
    const QNetwork network(options, environment.observation, environment.num_actions(), init);
    published.Publish(network.parameters(), env_steps);
    if (policy == nullptr) policy = published.Make();
    policy->Refresh();
    PackedFile file(EncodePacked(PackNetwork(network, options, environment.observation).network),
                    "test");
    for (int board = 0; board < 20; ++board) {
      std::vector<uint8_t> pixels(environment.observation.bytes());
      for (uint8_t& pixel : pixels) pixel = static_cast<uint8_t>(random.Below(2));
      std::vector<int32_t> device(environment.num_actions());
      packed_net_values(&file.net(), pixels.data(), file.scratch(), device.data());
      const std::span<const float> values = policy->ActionValues(pixels);
      for (size_t a = 0; a < device.size(); ++a) {
        EXPECT_FLOAT_EQ(values[a], static_cast<float>(device[a] * file.net().value_scale));
      }
      EXPECT_EQ(GreedyAction(values), packed_net_best(device.data(), file.net().actions));
    }
  }
}

}  // namespace
}  // namespace dqnd
