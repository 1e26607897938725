#include "tests/trainer/config/config_testing.h"

namespace dqnd {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

TEST(ConfigOverride, ReplacesWhatTheFileSays) {
  const Config config = Parsed("train: {gamma: 0.9, batch_size: 64}",
                               {"train.gamma=0.5", "environment.id=minatar:freeway"});
  EXPECT_EQ(config.train.gamma, 0.5);
  EXPECT_EQ(config.train.batch_size, 64);
  EXPECT_EQ(config.environment.id, "minatar:freeway");
}

TEST(ConfigOverride, TheLastOfSeveralCounts) {
  EXPECT_EQ(Parsed("", {"train.gamma=0.5", "train.gamma=0.6"}).train.gamma, 0.6);
}

TEST(ConfigOverride, ItsValueIsYaml) {
  const Config config = Parsed("train: {max_grad_norm: 10}",
                               {"network.architecture=mlp", "network.hidden_sizes=[32, 16]",
                                "train.max_grad_norm=", "train.total_env_steps=1e5"});
  EXPECT_THAT(config.network.hidden_sizes, ElementsAre(32, 16));
  EXPECT_EQ(config.train.max_grad_norm, std::nullopt);
  EXPECT_EQ(config.train.total_env_steps, 100'000);
}

TEST(ConfigOverride, ItsValueMayHoldAnEqualsSign) {
  EXPECT_EQ(Parsed("", {"run.name=a=b"}).run.name, "a=b");
}

TEST(ConfigOverride, IsNamedWhenItsValueIsWrong) {
  EXPECT_EQ(Refusal("", {"train.gamma=2"}),
            "override 'train.gamma=2': train.gamma is 2; allowed: 0 to 1; default: 0.99");
  EXPECT_THAT(Refusal("", {"train.batch_size=many"}),
              StartsWith("override 'train.batch_size=many': train.batch_size must be an integer"));
  EXPECT_THAT(Refusal("", {"train.double_q=yes"}), HasSubstr("must be true or false"));
  EXPECT_THAT(Refusal("", {"train.gamma=[1"}), HasSubstr("the value is not YAML"));
  EXPECT_THAT(Refusal("", {"train.gamma=,"}), HasSubstr("the value is not YAML"));
  EXPECT_THAT(Refusal("", {"run.name=a: b"}), HasSubstr("must be text, not a mapping"));
}

TEST(ConfigOverride, IsNamedWhenItsKeyIsUnknown) {
  EXPECT_EQ(Refusal("", {"train.batch_szie=5"}),
            "override 'train.batch_szie=5': the section 'train' has no key 'batch_szie'; did you "
            "mean 'batch_size'?");
  EXPECT_THAT(Refusal("", {"trian.gamma=0.5"}), HasSubstr("did you mean 'train'?"));
  EXPECT_THAT(Refusal("", {"gamma=0.5"}), HasSubstr("dqnd has train.gamma"));
  EXPECT_THAT(Refusal("", {"total_timesteps=5"}), HasSubstr("dqnd has train.total_env_steps"));
  EXPECT_THAT(Refusal("", {"train.gamma.x=5"}), HasSubstr("no key 'gamma.x'"));
}

TEST(ConfigOverride, IsNamedWhenItIsNone) {
  EXPECT_THAT(Refusal("", {"train.gamma"}),
              AllOf(StartsWith("override 'train.gamma': "), HasSubstr("section.key=value")));
  EXPECT_THAT(Refusal("", {"train=5"}), HasSubstr("write train.KEY=value"));
  EXPECT_THAT(Refusal("", {"=5"}), HasSubstr("there is no section ''"));
  EXPECT_THAT(Refusal("", {""}), HasSubstr("section.key=value"));
}

TEST(ConfigOverride, IsNamedWhenItDoesNotGoWithTheFile) {
  EXPECT_THAT(
      Refusal("train: {batch_size: 64}", {"train.learning_starts=10", "replay.buffer_size=32"}),
      StartsWith("override 'replay.buffer_size=32': replay.buffer_size is 32, less than "
                 "train.batch_size 64"));
}

TEST(ConfigOverride, MayRepairWhatDoesNotGoTogether) {
  EXPECT_EQ(Parsed("replay: {buffer_size: 100}", {"train.learning_starts=50"}).replay.buffer_size,
            100);
}

}  // namespace
}  // namespace dqnd
