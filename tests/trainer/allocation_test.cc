#include <gmock/gmock.h>

#include "tests/trainer/allocation_count.h"
#include "trainer/dqn.h"

namespace dqnd {
namespace {

// Once the memory is full, and between two of its segments: to begin one allocates a few times in
// some hundreds of env_steps.
class Allocations : public testing::TestWithParam<const char*> {
 protected:
  struct Counted {
    int64_t ours, others;
    std::string places;
  };

  static Counted CountIn(Config config) {
    config.replay.buffer_size = 6400;
    config.train.learning_starts = 8000;
    Dqn dqn(config);
    const int64_t segment = dqn.replay().options().Shape().transitions;
    const auto in_segment = [&] { return dqn.replay().appended() % segment; };
    while (dqn.updates() < 50 || in_segment() > segment / 10) dqn.Cycle();
    AllocationCount count;
    while (in_segment() < segment - segment / 10) dqn.Cycle();
    count.Stop();
    return {count.ours(), count.others(), count.Places()};
  }
};

TEST_P(Allocations, ACycleMakesNone) {
  const Counted count = CountIn(ParseConfig(GetParam(), "test"));
  EXPECT_EQ(count.ours, 0) << count.places;
  EXPECT_EQ(count.others, 0);
}

TEST_P(Allocations, ACycleOfTheReferenceLearnerMakesLibTorchsAlone) {
  Config config = ParseConfig(GetParam(), "test");
  config.train.learner = LearnerKind::kReference;
  const Counted count = CountIn(config);
  EXPECT_EQ(count.ours, 0) << count.places;
  EXPECT_GT(count.others, 0) << "LibTorch allocates its tensors, and nobody counted that";
}

INSTANTIATE_TEST_SUITE_P(
    Cycle, Allocations,
    testing::Values(
        "{environment: {id: catch}, network: {architecture: mlp}}",
        "{environment: {id: \"classic:cartpole\", n_envs: 4}, network: {architecture: mlp}}",
        "{environment: {id: \"minatar:breakout\"}, network: {architecture: minatar_cnn}}",
        "{environment: {id: \"minatar:seaquest\", n_envs: 2}, network: {architecture: "
        "minatar_cnn}, "
        "train: {double_q: true, n_steps: 3}, optimizer: {name: adam}}"));

}  // namespace
}  // namespace dqnd
