// What no single key's range can say: values that do not go together, names, resolved defaults.

#include "tests/trainer/config/config_testing.h"

namespace dqnd {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

TEST(ConfigCheck, TheBufferHoldsAtLeastABatch) {
  EXPECT_EQ(Refusal("replay:\n  buffer_size: 16\ntrain:\n  learning_starts: 10\n"),
            "run.yaml:2:16: replay.buffer_size is 16, less than train.batch_size 32; make the "
            "buffer at least as large as a batch");
  EXPECT_EQ(Parsed("replay: {buffer_size: 32}\ntrain: {learning_starts: 32}").replay.buffer_size,
            32);
}

TEST(ConfigCheck, LearningStartsWithinTheBuffer) {
  EXPECT_THAT(Refusal("train: {learning_starts: 200}\nreplay: {buffer_size: 100}"),
              AllOf(StartsWith("run.yaml:2:23: train.learning_starts is 200, beyond "
                               "replay.buffer_size 100"),
                    HasSubstr("lower the one or raise the other")));
}

TEST(ConfigCheck, LearningMayStartBeforeABatchIsThere) {
  EXPECT_EQ(Parsed("train: {learning_starts: 1}").train.learning_starts, 1);
}

TEST(ConfigCheck, ARunThatEndsBeforeItLearnsIsAWarning) {
  EXPECT_THAT(ConfigWarnings(Parsed("train: {total_env_steps: 5000, learning_starts: 5000}")),
              ElementsAre(HasSubstr("nothing will be learned")));
  EXPECT_THAT(ConfigWarnings(Parsed("train: {total_env_steps: 5001, learning_starts: 5000}")),
              IsEmpty());
}

TEST(ConfigCheck, ExplorationMayGrow) {
  EXPECT_EQ(Parsed("exploration: {initial_eps: 0, final_eps: 1}").exploration.final_eps, 1);
}

TEST(ConfigCheck, TheRunsNameIsAPlainFolderName) {
  for (const char* name : {"\"\"", "\".\"", "\"..\"", "a/b", "/a", "\"a\\nb\"", "\"a\\x7f\""}) {
    EXPECT_THAT(Refusal("run: {name: " + std::string(name) + "}"),
                StartsWith("run.yaml:1:13: run.name must be a plain folder name"))
        << name;
  }
  EXPECT_THAT(Refusal("run: {name: " + std::string(201, 'a') + "}"), HasSubstr("200 bytes"));
  EXPECT_EQ(Parsed("run: {name: Größe 1.5}").run.name, "Größe 1.5");
}

TEST(ConfigCheck, TextsThatAreNeededAreNotEmpty) {
  EXPECT_THAT(Refusal("environment: {id: \"\"}"),
              AllOf(HasSubstr("environment.id is empty"), HasSubstr("minatar:breakout")));
  EXPECT_THAT(Refusal("run: {directory: \"\"}"), HasSubstr("write '.'"));
}

TEST(ConfigCheck, ALearningRateThatChangesNeedsItsEndAndItsLength) {
  EXPECT_THAT(Refusal("optimizer: {final_learning_rate: 1e-5}"), HasSubstr("set both"));
  EXPECT_THAT(Refusal("optimizer: {decay_env_steps: 1000}"), HasSubstr("set both"));
  const OptimizerSection both =
      Parsed("optimizer: {final_learning_rate: 1e-5, decay_env_steps: 1000}").optimizer;
  EXPECT_EQ(both.final_learning_rate, 1e-5);
  EXPECT_EQ(both.decay_env_steps, 1000);
}

TEST(ConfigCheck, HiddenSizesBelongToTheMlpAndWidthToTheOthers) {
  EXPECT_THAT(Refusal("network: {architecture: nature_cnn, hidden_sizes: [32]}"),
              HasSubstr("network.hidden_sizes belongs to network.architecture mlp"));
  EXPECT_THAT(Refusal("network: {architecture: mlp, width: 2}"),
              HasSubstr("network.architecture mlp has network.hidden_sizes"));
  EXPECT_EQ(Parsed("network: {architecture: nature_cnn, width: 2}").network.width, 2);
  EXPECT_THAT(Parsed("network: {architecture: mlp, hidden_sizes: [32]}").network.hidden_sizes,
              ElementsAre(32));
}

TEST(ConfigCheck, WhatTheChosenBackendDoesNotUseIsRefused) {
  EXPECT_EQ(
      Refusal("network:\n  first_layer: binary\n"),
      "run.yaml:2:16: network.first_layer has no effect with network.backend float; remove it");
  for (const char* key : {"last_layer: binary", "ste: bireal", "normalisation: batch",
                          "shift_based_normalisation: true", "actor: packed"}) {
    EXPECT_THAT(Refusal("network: {" + std::string(key) + "}"), HasSubstr("no effect")) << key;
  }
  EXPECT_THAT(Refusal("network: {backend: binary_connect, ste: bireal}"), HasSubstr("network.ste"));
  EXPECT_THAT(Refusal("network: {backend: binary_connect, actor: packed}"),
              HasSubstr("network.actor"));
  EXPECT_THAT(Refusal("network: {backend: xnor_net, shift_based_normalisation: true}"),
              HasSubstr("network.backend xnor_net"));
  const NetworkSection bnn = Parsed(
                                 "network: {backend: bnn, first_layer: binary, ste: bireal, "
                                 "normalisation: batch, shift_based_normalisation: true}")
                                 .network;
  EXPECT_EQ(bnn.first_layer, LayerKind::kBinary);
  EXPECT_EQ(bnn.ste, Ste::kBireal);
  EXPECT_EQ(bnn.normalisation, NormalisationMode::kBatch);
}

TEST(ConfigCheck, WhatBelongsToATeacherNeedsOneAndWhatATeacherReplacesIsRefused) {
  for (const char* key : {"teacher_loss: values", "teacher_temperature: 1", "teacher_acts: true"}) {
    EXPECT_THAT(Refusal("train: {" + std::string(key) + "}"),
                HasSubstr("no effect with train.teacher ~"))
        << key;
  }
  for (const char* key : {"double_q: true", "n_steps: 3"}) {
    EXPECT_THAT(Refusal("train: {teacher: runs/t, " + std::string(key) + "}"),
                HasSubstr("no effect with train.teacher runs/t"))
        << key;
  }
  EXPECT_THAT(Refusal("train: {teacher: runs/t, teacher_loss: values, teacher_temperature: 1}"),
              HasSubstr("train.teacher_temperature has no effect with train.teacher_loss values"));
}

TEST(ConfigCheck, HowFloatNetworksAreComputedIsRefusedWhereItChangesNothing) {
  for (const char* key : {"learner: reference", "precision: bfloat16"}) {
    EXPECT_THAT(Refusal("network: {backend: bnn}\ntrain: {" + std::string(key) + "}"),
                HasSubstr("has no effect with network.backend bnn; remove it"))
        << key;
  }
  EXPECT_THAT(Refusal("train: {learner: reference, precision: bfloat16}"),
              HasSubstr("train.precision has no effect with train.learner reference"));
}

TEST(ConfigCheck, AGpuTrainsEveryNetworkItsOwnWay) {
  for (const char* backend : {"float", "binary_connect", "bnn", "xnor_net"}) {
    const Config config = Parsed(
        "train: {device: cuda, teacher: runs/t}\nnetwork: {backend: " + std::string(backend) + "}");
    EXPECT_EQ(config.train.device, Device::kCuda);
  }
  for (const char* key : {"learner: reference", "precision: bfloat16"}) {
    EXPECT_THAT(Refusal("train: {device: cuda, " + std::string(key) + "}"),
                HasSubstr("has no effect with train.device cuda; remove it"))
        << key;
  }
  EXPECT_THAT(Refusal("train: {device: gpu}"), HasSubstr("cpu, cuda"));
}

TEST(ConfigCheck, WhatBelongsToAGpuNeedsOne) {
  EXPECT_THAT(Refusal("train: {deterministic: false}"),
              HasSubstr("train.deterministic has no effect with train.device cpu; remove it"));
  EXPECT_THAT(Refusal("replay: {on_device: true}"),
              HasSubstr("replay.on_device has no effect with train.device cpu; remove it"));
}

TEST(ConfigCheck, PrometheusListensOnAnAddress) {
  for (const char* address :
       {"9100", "host", "host:", ":9100", "host:65536", "host:-1", "::1:9100", "host:9100x"}) {
    EXPECT_THAT(Refusal("metrics: {prometheus: \"" + std::string(address) + "\"}"),
                HasSubstr("write HOST:PORT"))
        << address;
  }
  EXPECT_EQ(Parsed("metrics: {prometheus: \"127.0.0.1:9100\"}").metrics.prometheus,
            "127.0.0.1:9100");
  EXPECT_EQ(Parsed("metrics: {prometheus: \"[::1]:0\"}").metrics.prometheus, "[::1]:0");
}

TEST(ConfigOptimizer, DefaultsAreThoseOfTheChosenOne) {
  const OptimizerSection adam = Parsed("optimizer: {name: adam}").optimizer;
  EXPECT_EQ(adam.beta1, 0.9);
  EXPECT_EQ(adam.beta2, 0.999);
  EXPECT_EQ(adam.epsilon, 1e-8);

  const OptimizerSection rmsprop = Parsed("optimizer: {name: rmsprop}").optimizer;
  EXPECT_EQ(rmsprop.alpha, 0.99);
  EXPECT_EQ(rmsprop.epsilon, 1e-8);
  EXPECT_EQ(rmsprop.centered, false);

  const OptimizerSection nature = Parsed("optimizer: {name: rmsprop_nature}").optimizer;
  EXPECT_EQ(nature.alpha, 0.95);
  EXPECT_EQ(nature.epsilon, 0.01);
  EXPECT_EQ(nature.centered, true);
}

TEST(ConfigOptimizer, WhatIsWrittenIsKept) {
  const OptimizerSection rmsprop =
      Parsed("optimizer: {name: rmsprop, alpha: 0.5, epsilon: 1e-3, centered: true}").optimizer;
  EXPECT_EQ(rmsprop.alpha, 0.5);
  EXPECT_EQ(rmsprop.epsilon, 1e-3);
  EXPECT_EQ(rmsprop.centered, true);
}

TEST(ConfigOptimizer, WhatTheChosenOneDoesNotUseIsRefused) {
  EXPECT_EQ(Refusal("optimizer:\n  name: adam\n  alpha: 0.5\n"),
            "run.yaml:3:10: optimizer.alpha has no effect with optimizer.name adam; remove it");
  EXPECT_THAT(Refusal("optimizer: {name: adam, centered: true}"), HasSubstr("optimizer.centered"));
  EXPECT_THAT(Refusal("optimizer: {name: rmsprop, beta1: 0.5}"), HasSubstr("optimizer.beta1"));
  EXPECT_THAT(Refusal("optimizer: {name: rmsprop_nature, beta2: 0.5}"),
              HasSubstr("no effect with optimizer.name rmsprop_nature"));
  EXPECT_THAT(Refusal("optimizer: {name: rmsprop_nature, centered: false}"),
              HasSubstr("always centered"));
}

TEST(ConfigOptimizer, AnOverrideThatChangesTheOptimizerIsNamed) {
  EXPECT_THAT(Refusal("optimizer: {name: rmsprop, alpha: 0.95}", {"optimizer.name=adam"}),
              StartsWith("override 'optimizer.name=adam': optimizer.alpha has no effect"));
  EXPECT_EQ(Parsed("optimizer: {name: rmsprop, alpha: 0.95}",
                   {"optimizer.name=adam", "optimizer.alpha=~"})
                .optimizer.name,
            OptimizerName::kAdam);
}

}  // namespace
}  // namespace dqnd
