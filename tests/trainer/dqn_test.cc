#include "trainer/dqn.h"

#include <map>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "trainer/checkpointing.h"
#include "trainer/evaluation.h"
#include "trainer/export/packed_network.h"
#include "trainer/network/safetensors.h"

namespace dqnd {
namespace {

using ::testing::Each;
using ::testing::Gt;

Config Parse(const std::string& yaml) {
  return ParseConfig(yaml, "test");
}

Config Catch(const std::string& overrides = "") {
  return Parse(
      "environment: {id: catch}\n"
      "network: {architecture: mlp, hidden_sizes: [32]}\n"
      "replay: {buffer_size: 300}\n"
      "train: {total_env_steps: 2000, learning_starts: 100, target_update_interval: 50" +
      overrides +
      "}\n"
      "optimizer: {name: adam, learning_rate: 1e-3}\n"
      "exploration: {decay_env_steps: 500}\n");
}

void Play(Dqn& dqn, int64_t env_steps) {
  while (dqn.env_steps() < env_steps) dqn.Cycle();
}

// Everything that a checkpoint would hold, by file; sealed segments by their first transition.
std::map<std::string, std::string> State(const Dqn& dqn) {
  const CheckpointContent content = TakeCheckpoint(dqn, {});
  std::map<std::string, std::string> state(content.files.begin(), content.files.end());
  for (const auto& segment : content.segments) {
    ByteWriter writer;
    segment->Save(writer);
    state[std::to_string(segment->first_transition())] = writer.Take();
  }
  return state;
}

TEST(Dqn, TheSameConfigurationGivesTheSameBits) {
  Dqn first(Catch()), second(Catch());
  Play(first, 600);
  Play(second, 600);
  EXPECT_EQ(State(first), State(second));
}

TEST(Dqn, AnotherSeedGivesAnotherRun) {
  Config other = Catch();
  other.run.seed = 2;
  Dqn first(Catch()), second(other);
  Play(first, 200);
  Play(second, 200);
  EXPECT_NE(State(first), State(second));
}

TEST(Dqn, UpdatesAreCountedInEnvStepsAndFractionsAreCarriedOver) {
  Config config = Catch(", train_freq: 4, gradient_steps: 3");
  config.environment.n_envs = 5;
  Dqn dqn(config);
  Play(dqn, 95);
  EXPECT_EQ(dqn.updates(), 0) << "before learning_starts";
  for (int cycle = 1; cycle <= 40; ++cycle) {
    dqn.Cycle();
    // From the cycle that reaches learning_starts on, 3 updates are due for every 4 env_steps.
    EXPECT_EQ(dqn.updates(), cycle * 5 * 3 / 4);
  }
}

TEST(Dqn, TheLearningRateGoesToItsFinalValueAndUpdatesFollowIt) {
  Config config = Catch();
  config.optimizer.final_learning_rate = 1e-30;
  config.optimizer.decay_env_steps = 400;
  Dqn dqn(config);
  EXPECT_DOUBLE_EQ(dqn.learning_rate(), 1e-3);
  Play(dqn, 300);
  EXPECT_DOUBLE_EQ(dqn.learning_rate(), 0.25e-3);
  const auto network = [&dqn] {
    return EncodeSafetensors(dqn.learner().parameters().entries(), /*metadata=*/{});
  };
  const std::string before = network();
  Play(dqn, 400);
  EXPECT_DOUBLE_EQ(dqn.learning_rate(), 1e-30);
  const std::string at_the_end = network();
  EXPECT_NE(at_the_end, before);
  Play(dqn, 450);
  EXPECT_EQ(network(), at_the_end) << "steps of 1e-30 are lost in rounding";
}

TEST(Dqn, EpsilonFallsInAStraightLineInEnvStepsAndThenStays) {
  Dqn dqn(
      Parse("environment: {id: catch}\nnetwork: {architecture: mlp}\n"
            "replay: {buffer_size: 5000}\n"
            "train: {total_env_steps: 9000, learning_starts: 5000}\n"
            "exploration: {initial_eps: 0.9, final_eps: 0.1, decay_env_steps: 400}\n"));
  EXPECT_DOUBLE_EQ(dqn.epsilon(), 0.9);
  Play(dqn, 100);
  EXPECT_DOUBLE_EQ(dqn.epsilon(), 0.7);
  Play(dqn, 400);
  EXPECT_DOUBLE_EQ(dqn.epsilon(), 0.1);
  Play(dqn, 1000);
  EXPECT_DOUBLE_EQ(dqn.epsilon(), 0.1);
}

TEST(Dqn, AveragesAreOverTheUpdatesSinceTheyWereLastTaken) {
  Dqn dqn(Catch());
  Play(dqn, 50);
  EXPECT_EQ(dqn.TakeUpdateAverages().updates, 0);
  Play(dqn, 200);
  const Dqn::UpdateAverages averages = dqn.TakeUpdateAverages();
  EXPECT_EQ(averages.updates, dqn.updates());
  EXPECT_GT(averages.loss, 0);
  EXPECT_GT(averages.grad_norm, 0);
  EXPECT_EQ(dqn.TakeUpdateAverages().updates, 0);
}

double Score(Dqn& dqn, const Config& config, int64_t episodes) {
  const auto result =
      Evaluate(dqn.policy(), config.environment, {.episodes = episodes, .eps = 0, .seed = 77});
  return result->mean_return();
}

TEST(DqnLearns, CatchFromScratch) {
  Config config = Catch();
  Dqn dqn(config);
  EXPECT_LT(Score(dqn, config, 100), 0.5)
      << "an untrained agent must not catch, or this shows nothing";
  config.train.total_env_steps = 6000;
  Play(dqn, 6000);
  EXPECT_GT(Score(dqn, config, 100), 0.9);
}

TEST(DqnLearns, CatchWithPolyakAveragingDoubleQAndThreeStepReturnsInFourEnvironments) {
  Config config = Catch(", tau: 0.05, double_q: true, n_steps: 3");
  config.train.target_update_interval = 4;
  config.environment.n_envs = 4;
  config.replay.buffer_size = 2000;
  Dqn dqn(config);
  Play(dqn, 6000);
  EXPECT_GT(Score(dqn, config, 100), 0.9);
}

// What acts, and what Evaluate is given.
TEST(Dqn, WithAPackedActorItsPolicyHasTheValuesOfTheDevice) {
  Config config = Catch();
  config.network.backend = Backend::kBnn;
  config.network.actor = ActorKind::kPacked;
  Dqn dqn(config);
  Play(dqn, 300);
  const ObservationSpec& observation = dqn.environment().observation;
  RandomStream init(9, "overwritten"), random(3, "test");
  QNetwork network(config.network, observation, dqn.environment().num_actions(), init);
  network.parameters().MoveTowards(dqn.learner().parameters(), 1);
  PackedFile file(EncodePacked(PackNetwork(network, config.network, observation).network), "test");
  for (int board = 0; board < 20; ++board) {
    std::vector<uint8_t> pixels(observation.bytes());
    for (uint8_t& pixel : pixels) pixel = static_cast<uint8_t>(random.Below(2));
    std::vector<int32_t> device(file.net().actions);
    packed_net_values(&file.net(), pixels.data(), file.scratch(), device.data());
    const std::span<const float> values = dqn.policy().ActionValues(pixels);
    for (size_t a = 0; a < device.size(); ++a) {
      EXPECT_FLOAT_EQ(values[a], static_cast<float>(device[a] * file.net().value_scale));
    }
  }
}

}  // namespace
}  // namespace dqnd
