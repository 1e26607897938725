#include <gtest/gtest.h>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include "tests/trainer/network/observations.h"
#include "trainer/acting/actor.h"
#include "trainer/export/packed_network.h"

namespace dqnd {
namespace {

constexpr int kActions = 5;

class PackedActorTest : public ::testing::Test {
 protected:
  static NetworkSection Options() {
    NetworkSection options;
    options.backend = Backend::kBnn;
    options.actor = ActorKind::kPacked;
    return options;
  }

  // The action of the exported network as a device would play it, of one MinAtar board.
  int DeviceAction(std::span<const uint8_t> board) const {
    PackedFile file(EncodePacked(PackNetwork(network_, options_, observation_).network), "test");
    std::vector<int32_t> values(kActions);
    packed_net_values(&file.net(), board.data(), file.scratch(), values.data());
    return packed_net_best(values.data(), kActions);
  }

  // n boards, one after the other.
  std::vector<uint8_t> DrawBoards(int n) {
    std::vector<uint8_t> boards(observation_.bytes() * n);
    for (uint8_t& byte : boards) byte = static_cast<uint8_t>(random_.Below(2));
    return boards;
  }

  void ExpectActsAsTheDevice() {
    constexpr int kBoards = 20;
    const std::vector<uint8_t> boards = DrawBoards(kBoards);
    const std::span<const float> values = actor_->ActionValues(boards);
    ASSERT_EQ(values.size(), kBoards * kActions);
    for (int i = 0; i < kBoards; ++i) {
      const std::span board(boards.data() + observation_.bytes() * i, observation_.bytes());
      const std::span<const float> its_values = values.subspan(size_t{kActions} * i, kActions);
      EXPECT_EQ(GreedyAction(its_values), DeviceAction(board));
    }
  }

  void ChangeParameters() {
    const c10::NoGradGuard no_grad;
    for (const NamedTensor& entry : network_.parameters().trained()) {
      float* numbers = entry.value.data_ptr<float>();
      for (int64_t i = 0; i < entry.value.numel(); ++i) {
        numbers[i] += static_cast<float>(random_.Uniform() - 0.5);
      }
    }
  }

  const NetworkSection options_ = Options();
  const ObservationSpec observation_ = MinatarObservation(4);
  RandomStream init_{1, "init"};
  RandomStream random_{2, "test"};
  QNetwork network_{options_, observation_, kActions, init_};
  const std::unique_ptr<Actor> actor_ = MakeActor(network_, options_, observation_);
};

TEST_F(PackedActorTest, ActsAsTheDeviceWouldAlsoWhenParametersHaveChanged) {
  ExpectActsAsTheDevice();
  ChangeParameters();
  actor_->ParametersChanged();
  ExpectActsAsTheDevice();
}

TEST_F(PackedActorTest, ValuesAreThoseOfTheNetworkWithinTheBoundOfTheExport) {
  const std::vector<uint8_t> boards = DrawBoards(50);
  NetworkSection plain = options_;
  plain.actor = ActorKind::kNetwork;
  const std::unique_ptr<Actor> network = MakeActor(network_, plain, observation_);
  const std::span<const float> expected = network->ActionValues(boards);
  const std::span<const float> values = actor_->ActionValues(boards);
  // A sum of a real first layer may round to the other side of its threshold, and then all of that
  // state's values differ: seldom.
  const PackedExport exported = PackNetwork(network_, options_, observation_);
  // The last layer of bnn sees numbers of +-1.
  const double bound =
      (exported.value_rounding.sum(1) + exported.value_bounds).max().item<double>();
  int beyond = 0;
  for (size_t i = 0; i < values.size(); ++i) beyond += std::abs(values[i] - expected[i]) > bound;
  EXPECT_LE(beyond, kActions);
}

}  // namespace
}  // namespace dqnd
