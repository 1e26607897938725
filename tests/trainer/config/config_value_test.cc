// How single values are read: types, ranges, and what is said about wrong ones.

#include "tests/trainer/config/config_testing.h"

namespace dqnd {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;

TEST(ConfigValue, IntegersMayBeWrittenInSeveralWays) {
  for (const char* written : {"100000", "100_000", "1e5", "+100000", "1.0e+5"}) {
    EXPECT_EQ(
        Parsed("train: {total_env_steps: " + std::string(written) + "}").train.total_env_steps,
        100'000)
        << written;
  }
}

TEST(ConfigValue, IntegersAreExactUpToTheirLastDigit) {
  EXPECT_EQ(Parsed("run: {seed: 9223372036854775807}").run.seed, 9223372036854775807);
}

TEST(ConfigValue, AFractionIsNeverCutToAnInteger) {
  EXPECT_EQ(Refusal("train:\n  batch_size: 1.5\n"),
            "run.yaml:2:15: train.batch_size must be an integer, 1 to 65536 transitions, not "
            "'1.5'; numbers are not rounded for you; default: 32");
}

TEST(ConfigValue, AnIntegerThatNoneHoldsIsRefused) {
  EXPECT_THAT(Refusal("run: {seed: 9223372036854775808}"), HasSubstr("too large"));
  EXPECT_THAT(Refusal("run: {seed: 1e300}"), HasSubstr("too large"));
}

TEST(ConfigValue, AWrongTypeIsAnsweredWithTheRightOne) {
  EXPECT_THAT(Refusal("train: {gamma: high}"), HasSubstr("must be a number, 0 to 1, not 'high'"));
  EXPECT_THAT(Refusal("train: {gamma: 0,9}"), HasSubstr("has no key '9'"));
  EXPECT_THAT(Refusal("train: {batch_size: [32]}"), HasSubstr("not a list"));
  EXPECT_THAT(Refusal("train: {batch_size: {a: 1}}"), HasSubstr("not a mapping"));
  EXPECT_THAT(Refusal("train: {batch_size: 0x20}"), HasSubstr("must be an integer"));
  EXPECT_THAT(Refusal("train: {batch_size: 32 transitions}"), HasSubstr("must be an integer"));
  EXPECT_THAT(Refusal("run: {name: [a]}"), HasSubstr("run.name must be text, not a list"));
}

TEST(ConfigValue, AQuotedNumberIsText) {
  EXPECT_THAT(Refusal("train: {batch_size: \"32\"}"),
              HasSubstr("must be an integer, 1 to 65536 transitions, not the text \"32\""));
}

TEST(ConfigValue, NothingIsRefusedWhereAValueIsNeeded) {
  EXPECT_THAT(Refusal("train: {batch_size: }"),
              AllOf(HasSubstr("not nothing"), EndsWith("default: 32")));
  EXPECT_THAT(Refusal("run: {name: ~}"), HasSubstr("run.name must be text, not nothing"));
}

TEST(ConfigValue, NumbersOutsideTheRangeAreAnsweredWithIt) {
  EXPECT_EQ(Refusal("train: {gamma: 1.1}"),
            "run.yaml:1:16: train.gamma is 1.1; allowed: 0 to 1; default: 0.99");
  EXPECT_THAT(Refusal("train: {tau: 0}"), HasSubstr("allowed: above 0 and at most 1"));
  EXPECT_THAT(Refusal("train: {learning_starts: 0}"), HasSubstr("allowed: 1 to"));
  EXPECT_THAT(Refusal("train: {n_steps: 0}"), HasSubstr("allowed: 1 to 1000 env_steps"));
  EXPECT_THAT(Refusal("environment: {n_envs: 1025}"), HasSubstr("allowed: 1 to 1024"));
  EXPECT_THAT(Refusal("environment: {n_envs: 0}"), HasSubstr("allowed: 1 to 1024"));
  EXPECT_THAT(Refusal("optimizer: {learning_rate: 0}"), HasSubstr("allowed: above 0"));
  EXPECT_THAT(Refusal("optimizer: {name: adam, beta1: 1}"),
              HasSubstr("allowed: at least 0 and below 1"));
  EXPECT_THAT(Refusal("run: {seed: -1}"), HasSubstr("run.seed is -1; allowed: at least 0"));
  EXPECT_THAT(Refusal("replay: {max_bytes: 0}"), HasSubstr("allowed: at least 1 bytes"));
}

TEST(ConfigValue, TheEndsOfARangeAreAllowed) {
  EXPECT_EQ(Parsed("train: {gamma: 0}").train.gamma, 0);
  EXPECT_EQ(Parsed("train: {gamma: 1, tau: 1}").train.gamma, 1);
  EXPECT_EQ(Parsed("environment: {n_envs: 1024}").environment.n_envs, 1024);
}

TEST(ConfigValue, NumbersThatAreNoneAreRefused) {
  for (const char* written : {".nan", "nan", ".inf", "inf", "-inf", "1e999"}) {
    EXPECT_THAT(Refusal("optimizer: {learning_rate: " + std::string(written) + "}"),
                HasSubstr("must be a number"))
        << written;
  }
}

TEST(ConfigValue, BooleansAreTrueAndFalseAlone) {
  EXPECT_TRUE(Parsed("train: {double_q: true}").train.double_q);
  EXPECT_FALSE(Parsed("metrics: {csv: false}").metrics.csv);
  for (const char* written : {"yes", "no", "on", "off", "True", "1", "\"true\""}) {
    EXPECT_THAT(Refusal("train: {double_q: " + std::string(written) + "}"),
                HasSubstr("train.double_q must be true or false, not "))
        << written;
  }
}

TEST(ConfigValue, NamesAreOneOfAList) {
  EXPECT_EQ(Parsed("train: {loss: squared}").train.loss, Loss::kSquared);
  EXPECT_EQ(Refusal("optimizer:\n  name: rmsprob\n"),
            "run.yaml:2:9: optimizer.name must be one of adam, rmsprop, rmsprop_nature, not "
            "'rmsprob'; did you mean rmsprop?; default: rmsprop");
  EXPECT_THAT(Refusal("environment: {life_loss: true}"),
              HasSubstr("must be one of ignore, terminal, reset, not 'true'"));
  EXPECT_THAT(Refusal("network: {backend: binary}"),
              HasSubstr("must be one of float, binary_connect, bnn, xnor_net, not 'binary'"));
}

TEST(ConfigValue, OptionalKeysAreUnsetByNothing) {
  for (const char* written : {"~", "null", ""}) {
    EXPECT_EQ(Parsed("train: {max_grad_norm: " + std::string(written) + "}").train.max_grad_norm,
              std::nullopt)
        << written;
  }
  EXPECT_EQ(Parsed("train: {max_grad_norm: 10}").train.max_grad_norm, 10);
  EXPECT_EQ(Parsed("environment: {frame_stack: 2}").environment.frame_stack, 2);
  EXPECT_THAT(Refusal("train: {max_grad_norm: none}"), HasSubstr("above 0, or ~, not 'none'"));
}

TEST(ConfigValue, ThreadsAreUnsetByTheWordAuto) {
  EXPECT_EQ(Parsed("train: {threads: auto}").train.threads, std::nullopt);
  EXPECT_EQ(Parsed("train: {threads: ~}").train.threads, std::nullopt);
  EXPECT_EQ(Parsed("train: {threads: 2}").train.threads, 2);
  EXPECT_THAT(Refusal("train: {threads: all}"), HasSubstr("or auto, not 'all'"));
}

TEST(ConfigValue, ListsHoldIntegersWithinTheirRange) {
  EXPECT_THAT(
      Parsed("network: {architecture: mlp, hidden_sizes: [128, 1_000]}").network.hidden_sizes,
      ElementsAre(128, 1000));
  EXPECT_THAT(Refusal("network: {architecture: mlp, hidden_sizes: 128}"),
              HasSubstr("an example: [256, 256]"));
  EXPECT_THAT(Refusal("network: {architecture: mlp, hidden_sizes: [128, 0]}"),
              HasSubstr("network.hidden_sizes is 0; allowed: 1 to 65536 units"));
  EXPECT_THAT(Refusal("network: {architecture: mlp, hidden_sizes: [128, big]}"),
              HasSubstr("not 'big'"));
  EXPECT_THAT(Refusal("network: {architecture: mlp, hidden_sizes: []}"),
              HasSubstr("has 0 elements; allowed: 1 to 16"));
}

TEST(ConfigValue, TextMayLookLikeANumber) {
  EXPECT_EQ(Parsed("run: {name: 2024}").run.name, "2024");
  EXPECT_EQ(Parsed("run: {name: \"true\"}").run.name, "true");
}

TEST(ConfigValue, ALongValueIsShortenedInMessages) {
  EXPECT_THAT(Refusal("train: {gamma: " + std::string(5000, 'x') + "}").size(), testing::Lt(250));
}

TEST(ConfigValue, TimesAreWrittenInHoursMinutesAndSeconds) {
  using std::chrono::seconds;
  EXPECT_EQ(Parsed("run: {max_wall_time: ~}").run.max_wall_time, std::nullopt);
  EXPECT_EQ(Parsed("run: {max_wall_time: 11h45m}").run.max_wall_time, seconds(42'300));
  EXPECT_EQ(Parsed("run: {max_wall_time: 1h1s}").run.max_wall_time, seconds(3'601));
  EXPECT_EQ(Parsed("run: {max_wall_time: 90s}").run.max_wall_time, seconds(90));
  for (const char* wrong : {"11", "11:45", "h", "1m1h", "1h1h", "1.5h", "-1h", "1d", "99999999999h",
                            "\"1h\"", "[1h]", "true"}) {
    EXPECT_THAT(Refusal("run: {max_wall_time: " + std::string(wrong) + "}"),
                HasSubstr("run.max_wall_time must be a time such as 11h45m"))
        << wrong;
  }
  EXPECT_THAT(Refusal("run: {max_wall_time: 0s}"), HasSubstr("allowed: at least 1"));
}

TEST(ConfigValue, WhatAGameIsMadeWithIsWrittenAsYamlOrAsJson) {
  const char* json = R"({"a":[1,-0.5,true,null,"7"],"b":{"c":1e-08},"d":5})";
  for (const char* yaml : {R"({a: [+1, -0.5, true, ~, "7"], b: {c: 1e-8}, d: 0_5})",
                           R"('{"d": 5, "b": {"c": 1e-8}, "a": [1, -0.5, true, null, "7"]}')"}) {
    const std::string text = std::string("environment: {arguments: ") + yaml + "}";
    EXPECT_EQ(Parsed(text).environment.arguments.text, json) << yaml;
  }
  EXPECT_EQ(Parsed("environment: {arguments: {a: !!str 5}}").environment.arguments.text,
            R"({"a":"5"})");
  for (const char* wrong : {"5", "text", "'{a: 1}'", "~"}) {
    EXPECT_THAT(Refusal(std::string("environment: {arguments: ") + wrong + "}"),
                HasSubstr("environment.arguments must be a mapping or a list"));
  }
  EXPECT_THAT(Refusal("environment: {arguments: {a: 0x10}}"), HasSubstr("0x10"));
  EXPECT_THAT(Refusal("environment: {arguments: {a: .inf}}"), HasSubstr("JSON has no number"));
  EXPECT_THAT(Refusal("environment: {arguments: {a: 1, a: 2}}"), HasSubstr("a twice"));
}

}  // namespace
}  // namespace dqnd
