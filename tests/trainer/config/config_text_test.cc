// What is written out of the table: resolved configurations, help, schema, differences.

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <variant>

#include "tests/trainer/config/config_testing.h"
#include "trainer/config/key_value.h"
#include "trainer/config/keys.h"

namespace dqnd {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const char kUnusual[] = R"(
run: {name: "a \"b\" # c: [d]", directory: "~", seed: 9223372036854775807,
      max_wall_time: 11h45m, stop_grace_seconds: 30}
environment: {id: "no", n_envs: 7, max_episode_env_steps: 99, frame_stack: 3,
              repeat_action_probability: 0.1, difficulty_ramping: false, frame_skip: 5, noop_max: 2,
              fire_on_reset: true, full_action_space: true, life_loss: reset,
              max_frames_per_episode: 5, screen_size: 42, rom_directory: "/roms/ä", arguments: {z: [1, -0.5, true, "7"], a: ~},
              wrappers: "[\"A\", {\"B\": {}}]",
              worker: /opt/dqnd-env, workers: 3, worker_deadline_seconds: 7,
              worker_access: /secrets/worker}
network: {architecture: mlp, hidden_sizes: [7, 8, 9], backend: bnn, actor: packed,
          first_layer: binary, last_layer: binary, ste: bireal, normalisation: batch,
          shift_based_normalisation: true}
replay: {buffer_size: 123456789, max_bytes: 123456789012345, codec: lz4}
train: {total_env_steps: 999999999999, learning_starts: 77, train_freq: 3, gradient_steps: 5,
        batch_size: 65, gamma: 0.30000000000000004, target_update_interval: 9, tau: 1e-300,
        loss: squared, max_grad_norm: 1e22, clip_rewards: true, double_q: true, n_steps: 3,
        init_from: "runs/ä", threads: 5}
optimizer: {name: rmsprop, learning_rate: 1e-7, final_learning_rate: 1e-9, decay_env_steps: 8,
            alpha: 0.125, centered: true, epsilon: 1e-9}
exploration: {initial_eps: 0.75, final_eps: 0.5, decay_env_steps: 1}
evaluation: {every_env_steps: 0, episodes: 3, eps: 0.25, record: true}
checkpoint: {every_env_steps: 0, every_seconds: 600, keep_last: 1, keep_every: 1000000}
metrics: {console: false, csv: false, tensorboard: false, prometheus: "[::1]:9", every_env_steps: 7}
server: {listen: "unix:/s", insecure: true, max_watchers: 3, max_exhibitions: 0}
)";

// Compares member by member, not by text.
void ExpectEqual(Config a, Config b) {
  const std::vector<KeySection> a_table = KeyTable(a);
  const std::vector<KeySection> b_table = KeyTable(b);
  for (size_t i = 0; i < a_table.size(); ++i) {
    for (size_t j = 0; j < a_table[i].keys.size(); ++j) {
      const Key& key = a_table[i].keys[j];
      const bool equal = std::visit(
          [&](const auto& member) {
            using Member = std::decay_t<decltype(member)>;
            const auto& other = std::get<Member>(b_table[i].keys[j].value);
            if constexpr (std::is_same_v<Member, EnumPointer>) {
              return member.index() == other.index();
            } else {
              return *member == *other;
            }
          },
          key.value);
      EXPECT_TRUE(equal) << key.path;
    }
  }
}

TEST(ConfigText, AConfigurationThatIsWrittenOutReadsBackEqual) {
  for (const char* yaml :
       {"", kUnusual, "optimizer: {name: adam, beta1: 0.5, beta2: 0.6}",
        "optimizer: {name: rmsprop_nature}",
        "train: {teacher: runs/t, teacher_temperature: 2, teacher_acts: true}",
        "train: {teacher: runs/t, teacher_loss: values}", "train: {learner: reference}",
        "train: {precision: bfloat16}",
        "train: {device: cuda, deterministic: false}\nreplay: {on_device: true}"}) {
    const Config config = Parsed(yaml);
    ExpectEqual(Parsed(ToYaml(config)), config);
  }
}

TEST(ConfigText, TheUnusualConfigurationDiffersFromTheDefaultsInEveryKeyThatItCan) {
  Config unusual = Parsed(kUnusual);
  for (const KeySection& section : KeyTable(unusual)) {
    for (const Key& key : section.keys) {
      const bool is_other_optimizers = key.name == "beta1" || key.name == "beta2";
      const bool is_default_name = key.path == "optimizer.name";
      const bool is_teachers = key.name.starts_with("teacher");  // which excludes double_q
      const bool is_other_architectures = key.path == "network.width";
      const bool is_float_networks = key.name == "learner" || key.name == "precision" ||
                                     key.name == "device" || key.name == "deterministic" ||
                                     key.name == "on_device";
      if (is_other_optimizers || is_default_name || is_teachers || is_other_architectures ||
          is_float_networks) {
        continue;
      }
      EXPECT_NE(FormatValue(key), key.default_yaml) << key.path;
    }
  }
}

TEST(ConfigText, EveryKeyIsWrittenOutWithItsDocumentation) {
  Config config = Parsed("");
  const std::string yaml = ToYaml(config);
  for (const KeySection& section : KeyTable(config)) {
    EXPECT_THAT("\n" + yaml, HasSubstr("\n" + section.name + ":  # " + section.documentation));
    for (const Key& key : section.keys) {
      EXPECT_THAT(yaml, HasSubstr("  " + key.name + ": " + FormatValue(key) + " "));
      EXPECT_THAT(yaml, HasSubstr("# " + key.documentation));
    }
  }
}

TEST(ConfigText, ResolvedDefaultsAreWrittenOut) {
  EXPECT_THAT(ToYaml(Parsed("optimizer: {name: rmsprop_nature}")),
              testing::AllOf(HasSubstr("epsilon: 0.01 "), HasSubstr("centered: true ")));
}

TEST(ConfigText, NumbersAreWrittenSoThatEveryYamlReaderTakesThemAsNumbers) {
  EXPECT_THAT(ToYaml(Parsed("optimizer: {name: adam}")), HasSubstr("epsilon: 1.0e-08 "));
}

TEST(ConfigTable, EveryKeyIsDocumentedOnce) {
  Config config;
  std::set<std::string> paths;
  for (const KeySection& section : KeyTable(config)) {
    EXPECT_FALSE(section.documentation.empty()) << section.name;
    for (const Key& key : section.keys) {
      EXPECT_TRUE(paths.insert(key.path).second) << key.path;
      EXPECT_GE(key.documentation.size(), 9u) << key.path;
      EXPECT_EQ(key.documentation.find('\n'), std::string::npos) << key.path;
    }
  }
}

TEST(ConfigTable, EveryDefaultIsWithinItsRange) {
  Config config;
  for (const KeySection& section : KeyTable(config)) {
    for (const Key& key : section.keys) {
      EXPECT_NO_THROW(ReadValue(key, YAML::Load(key.default_yaml))) << key.path;
    }
  }
}

TEST(ConfigHelp, NamesEveryKeyWithItsDefaultAndRange) {
  const std::string help = ConfigHelp();
  Config config;
  for (const KeySection& section : KeyTable(config)) {
    for (const Key& key : section.keys) {
      EXPECT_THAT(help, HasSubstr("  " + key.path + " = " + key.default_yaml + "\n"));
      EXPECT_THAT(help, HasSubstr(key.documentation));
    }
  }
  EXPECT_THAT(help, HasSubstr("an integer, 1 to 1024; result\n"));
  EXPECT_THAT(help, HasSubstr("true or false; operational\n"));
}

TEST(ConfigSchema, TheCommittedFileIsTheOneThatTheProgramWrites) {
  std::ifstream file(DQND_SOURCE_DIR "/configs/schema.json");
  const std::string committed{std::istreambuf_iterator<char>(file),
                              std::istreambuf_iterator<char>()};
  EXPECT_EQ(committed, ConfigSchema()) << "run: dqnd --config-schema > configs/schema.json";
}

TEST(ConfigSchema, DescribesTypesRangesNamesAndDefaults) {
  const auto schema = nlohmann::json::parse(ConfigSchema());
  EXPECT_EQ(schema["additionalProperties"], false);
  const auto& sections = schema["properties"];
  for (const auto& section : sections) EXPECT_EQ(section["additionalProperties"], false);

  const auto& train = sections["train"]["properties"];
  EXPECT_EQ(train["batch_size"]["type"], "integer");
  EXPECT_EQ(train["batch_size"]["minimum"], 1);
  EXPECT_EQ(train["batch_size"]["default"], 32);
  EXPECT_EQ(train["tau"]["exclusiveMinimum"], 0);
  EXPECT_EQ(train["tau"]["maximum"], 1);
  EXPECT_EQ(train["loss"]["enum"], (nlohmann::json{"huber", "squared"}));
  EXPECT_EQ(train["double_q"]["type"], "boolean");
  EXPECT_EQ(train["threads"]["default"], "auto");
  EXPECT_EQ(train["threads"]["anyOf"][0]["type"], "integer");
  EXPECT_EQ(train["threads"]["anyOf"][2]["const"], "auto");
  EXPECT_EQ(train["max_grad_norm"]["anyOf"][1]["type"], "null");
  EXPECT_EQ(sections["network"]["properties"]["hidden_sizes"]["items"]["minimum"], 1);
}

TEST(ConfigDifferences, EqualConfigurationsHaveNone) {
  EXPECT_THAT(DifferingResultKeys(Parsed(kUnusual), Parsed(kUnusual)), IsEmpty());
}

TEST(ConfigDifferences, ResultKeysAreNamedWithBothValues) {
  const Config here = Parsed("train: {gamma: 0.99, loss: huber}");
  const Config there = Parsed("train: {gamma: 0.95, loss: squared, max_grad_norm: 10}");
  EXPECT_THAT(
      DifferingResultKeys(here, there),
      ElementsAre("train.gamma: 0.99 here, 0.95 there", "train.loss: huber here, squared there",
                  "train.max_grad_norm: ~ here, 10.0 there"));
}

TEST(ConfigDifferences, OperationalKeysMayDiffer) {
  const Config here = Parsed("run: {name: a, directory: b}\nmetrics: {csv: false}");
  EXPECT_THAT(DifferingResultKeys(here, Parsed("checkpoint: {every_env_steps: 7}")), IsEmpty());
}

TEST(ConfigDifferences, TheLengthMayBeRaisedAndNotLowered) {
  const Config longer = Parsed("train: {total_env_steps: 20000}");
  const Config shorter = Parsed("train: {total_env_steps: 10000}");
  EXPECT_THAT(DifferingResultKeys(longer, shorter), IsEmpty());
  EXPECT_THAT(DifferingResultKeys(shorter, longer),
              ElementsAre("train.total_env_steps: 10000 here, 20000 there"));
}

TEST(ConfigDifferences, AutoGoesOnWithWhatTheRunResolved) {
  const Config automatic = Parsed("train: {threads: auto}");
  const Config two = Parsed("train: {threads: 2}");
  const Config three = Parsed("train: {threads: 3}");
  EXPECT_THAT(DifferingResultKeys(automatic, two), IsEmpty());
  // Bits may differ with the threads, as with another processor: resuming says so, and goes on.
  EXPECT_THAT(DifferingResultKeys(three, two), IsEmpty());
}

}  // namespace
}  // namespace dqnd
