// Keys of other libraries.

#include "tests/trainer/config/config_testing.h"
#include "trainer/config/habits.h"
#include "trainer/config/keys.h"

namespace dqnd {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

TEST(ConfigHabit, KeysOfOtherLibrariesAreAnsweredWithOurs) {
  EXPECT_THAT(Refusal("train: {total_timesteps: 5}"), EndsWith("dqnd has train.total_env_steps"));
  EXPECT_THAT(Refusal("train: {learning_rate: 1}"), EndsWith("dqnd has optimizer.learning_rate"));
  EXPECT_THAT(Refusal("train: {exploration_fraction: 0.1}"),
              HasSubstr("exploration.decay_env_steps, in absolute env_steps"));
  EXPECT_THAT(Refusal("exploration: {exploration_initial_eps: 1}"),
              EndsWith("dqnd has exploration.initial_eps"));
  EXPECT_THAT(Refusal("exploration: {exploration_final_eps: 1}"),
              EndsWith("dqnd has exploration.final_eps"));
  EXPECT_THAT(Refusal("exploration: {start_e: 1}"), EndsWith("dqnd has exploration.initial_eps"));
  EXPECT_THAT(Refusal("exploration: {end_e: 1}"), EndsWith("dqnd has exploration.final_eps"));
  EXPECT_THAT(Refusal("exploration: {epsilon: 1}"), HasSubstr("exploration.final_eps"));
  EXPECT_THAT(Refusal("environment: {env_id: x}"), EndsWith("dqnd has environment.id"));
  EXPECT_THAT(Refusal("environment: {num_envs: 2}"), EndsWith("dqnd has environment.n_envs"));
  EXPECT_THAT(Refusal("train: {target_network_frequency: 5}"),
              HasSubstr("dqnd has train.target_update_interval"));
  EXPECT_THAT(Refusal("train: {train_frequency: 5}"), EndsWith("dqnd has train.train_freq"));
}

TEST(ConfigHabit, KeysAtTheTopAreSentToTheirSection) {
  EXPECT_EQ(Refusal("env: CartPole-v1"),
            "run.yaml:1:1: there is no 'env' at the top; dqnd has environment.id");
  EXPECT_THAT(Refusal("policy: MlpPolicy"), HasSubstr("dqnd has network.architecture"));
  EXPECT_THAT(Refusal("seed: 3"), EndsWith("dqnd has run.seed"));
  EXPECT_THAT(Refusal("n_timesteps: 5"), EndsWith("dqnd has train.total_env_steps"));
  EXPECT_THAT(Refusal("batch-size: 5"), EndsWith("dqnd has train.batch_size"));
}

TEST(ConfigHabit, TheCommandLinesHyphenIsOurUnderscore) {
  EXPECT_THAT(Refusal("train: {batch-size: 5}"), EndsWith("did you mean 'batch_size'?"));
}

TEST(ConfigHabit, NoNameIsOneOfOurs) {
  Config config;
  for (const KeySection& section : KeyTable(config)) {
    for (const Key& key : section.keys) {
      EXPECT_EQ(AnswerHabit(key.name), std::nullopt) << key.name;
      EXPECT_EQ(AnswerHabit(key.path), std::nullopt) << key.path;
    }
  }
}

TEST(ConfigHabit, OverlapIsAnsweredWithWhatHappensInstead) {
  EXPECT_THAT(Refusal("train: {overlap: true}"),
              HasSubstr("acting and learning take turns, on all of train.threads; remove it"));
  EXPECT_THAT(Refusal("", {"train.overlap=true"}), HasSubstr("acting and learning take turns"));
}

}  // namespace
}  // namespace dqnd
