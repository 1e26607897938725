#include "trainer/learner/device_learner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <string>

#include <ATen/ATen.h>

#include "tests/trainer/device/recording_graph.h"
#include "tests/trainer/network/observations.h"
#include "trainer/learner/host_learner.h"
#include "trainer/network/safetensors.h"

namespace dqnd {
namespace {

constexpr int kActions = 4;

EnvironmentSpec EnvironmentOf(const ObservationSpec& observation) {
  EnvironmentSpec spec;
  spec.observation = observation;
  spec.action_names.assign(kActions, "an action");
  return spec;
}

struct Case {
  std::string name;
  std::function<void(Config&)> change = [](Config&) {};
  ObservationSpec observation = MinatarObservation(4);
  // Each update begins with the same numbers: over several, rounding would sooner or later cut off
  // one of so many rectifiers, or turn a sign, on one side alone, which shows in the gradients.
  bool updates_begin_alike = false;
  Backend teacher = Backend::kFloat;
};

Config ConfigOf(const Case& test) {
  Config config;
  config.network.architecture = Architecture::kMinatarCnn;
  config.optimizer.name = OptimizerName::kAdam;
  config.optimizer.learning_rate = 1e-3;
  config.train.batch_size = 8;
  test.change(config);
  ResolveDefaults(config);
  return config;
}

Batch RandomBatch(const Config& config, const ObservationSpec& observation, RandomStream& random) {
  const auto size = static_cast<size_t>(config.train.batch_size);
  const auto n_steps = static_cast<size_t>(config.train.n_steps);
  Batch batch;
  batch.size = static_cast<int>(size);
  batch.n_steps = static_cast<int>(n_steps);
  for (auto* states : {&batch.states, &batch.next_states}) {
    const size_t numbers = size * observation.stack * observation.elements();
    if (observation.type == ElementType::kUint8) {
      for (size_t i = 0; i < numbers; ++i) {
        states->push_back(static_cast<uint8_t>(random.Below(observation.scale == 1 ? 2 : 256)));
      }
    } else {
      states->resize(numbers * sizeof(float));
      for (size_t i = 0; i < numbers; ++i) {
        reinterpret_cast<float*>(states->data())[i] = static_cast<float>(random.Uniform() * 2 - 1);
      }
    }
  }
  for (size_t j = 0; j < size; ++j) {
    const size_t steps = 1 + random.Below(static_cast<uint32_t>(n_steps));
    batch.actions.push_back(static_cast<int32_t>(random.Below(kActions)));
    batch.steps.push_back(static_cast<int32_t>(steps));
    batch.terminated.push_back(random.Below(4) == 0);
    batch.weights.push_back(static_cast<float>(0.5 + random.Uniform()));
    for (size_t step = 0; step < n_steps; ++step) {
      batch.rewards.push_back(step < steps ? static_cast<float>(random.Uniform() * 6 - 3) : 0);
    }
  }
  return batch;
}

std::unique_ptr<Learner> OnHost(const Config& config, const ObservationSpec& observation) {
  static ThreadTeam alone(1);
  RandomStream init(1, "init");
  return std::make_unique<HostLearner>(config, EnvironmentOf(observation), init, alone);
}

std::unique_ptr<Learner> OnDevice(const Config& config, const ObservationSpec& observation) {
  RandomStream init(1, "init");
  return std::make_unique<DeviceLearner>(config, EnvironmentOf(observation), init,
                                         c10::Device(c10::kCPU));
}

// A network that has learned nothing.
std::unique_ptr<Teacher> MakeTeacher(const Config& config, Backend backend,
                                     const ObservationSpec& observation) {
  NetworkSection options = config.network;
  options.backend = backend;
  RandomStream init(7, "init");
  return std::make_unique<Teacher>(QNetwork(options, observation, kActions, init), options,
                                   observation);
}

// The largest difference of two learners' numbers, in units of the largest number.
double Difference(const Learner& a, const Learner& b) {
  double difference = 0;
  const auto ours = a.Tensors(), theirs = b.Tensors();
  for (const auto& [what, tensors] : ours) {
    for (size_t i = 0; i < tensors.size(); ++i) {
      const NamedTensor& other = theirs.at(what)[i];
      EXPECT_EQ(tensors[i].name, other.name);
      EXPECT_EQ(tensors[i].shape, other.shape);
      const double largest = other.value.abs().max().item<double>();
      difference =
          std::max(difference, (tensors[i].value - other.value).abs().max().item<double>() /
                                   std::max(largest, 1e-3));
    }
  }
  return difference;
}

std::string Bits(const Learner& learner) {
  std::string bits;
  for (const auto& [name, tensors] : learner.Tensors()) bits += EncodeSafetensors(tensors, {});
  return bits;
}

// As a checkpoint of `saved` is loaded.
void LoadFrom(const Learner& saved, Learner& loaded) {
  const auto from = saved.Tensors();
  for (const auto& [name, tensors] : loaded.Tensors()) {
    DecodeSafetensors(EncodeSafetensors(from.at(name), {}), name, tensors);
  }
  loaded.SetUpdates(saved.updates());
}

std::vector<Case> Cases() {
  const auto optimizer = [](OptimizerName name, bool centered = false) {
    return [=](Config& config) {
      config.optimizer.name = name;
      config.optimizer.learning_rate = 1e-4;
      if (name == OptimizerName::kRmsprop) config.optimizer.centered = centered;
      config.optimizer.epsilon = 0.01;
    };
  };
  // Not Adam, whose first steps are as large for a gradient that is rounding alone.
  const auto nature = [=](Config& config) {
    config.optimizer.name = OptimizerName::kRmspropNature;
    config.optimizer.learning_rate = 2.5e-4;
    config.optimizer.epsilon = 0.01 / 64;
  };
  const auto binarized = [=](Backend backend) {
    return [=](Config& config) {
      nature(config);
      config.network.backend = backend;
    };
  };
  return {
      {"adam"},
      {"rmsprop", optimizer(OptimizerName::kRmsprop)},
      {"centred rmsprop", optimizer(OptimizerName::kRmsprop, true)},
      {"rmsprop_nature", optimizer(OptimizerName::kRmspropNature)},
      {"squared loss", [](Config& config) { config.train.loss = Loss::kSquared; }},
      {"double_q", [](Config& config) { config.train.double_q = true; }},
      {"three steps",
       [](Config& config) {
         config.train.n_steps = 3;
         config.train.gamma = 0.9;
       }},
      {"clipped rewards", [](Config& config) { config.train.clip_rewards = true; }},
      {"clipped gradient", [](Config& config) { config.train.max_grad_norm = 0.05; }},
      {"slow target", [](Config& config) { config.train.tau = 0.3; }},
      {"Nature's network",
       [=](Config& config) {
         nature(config);
         config.network.architecture = Architecture::kNatureCnn;
       },
       AtariObservation(), true},
      {"binary_connect", binarized(Backend::kBinaryConnect), MinatarObservation(4), true},
      {"bnn", binarized(Backend::kBnn), MinatarObservation(4), true},
      {"bnn of binary layers alone, shift-based, with statistics of the batch",
       [=](Config& config) {
         binarized(Backend::kBnn)(config);
         config.network.first_layer = config.network.last_layer = LayerKind::kBinary;
         config.network.normalisation = NormalisationMode::kBatch;
         config.network.shift_based_normalisation = true;
         config.network.ste = Ste::kIdentity;
         config.train.double_q = true;
       },
       MinatarObservation(4), true},
      {"xnor_net", binarized(Backend::kXnorNet), MinatarObservation(4), true},
      {"xnor_net of binary layers alone",
       [=](Config& config) {
         binarized(Backend::kXnorNet)(config);
         config.network.first_layer = config.network.last_layer = LayerKind::kBinary;
         config.network.ste = Ste::kBireal;
       },
       MinatarObservation(4), true},
      {"Nature's network as a bnn",
       [=](Config& config) {
         binarized(Backend::kBnn)(config);
         config.network.architecture = Architecture::kNatureCnn;
         config.network.first_layer = LayerKind::kBinary;
       },
       AtariObservation(), true},
      {"a teacher's values",
       [=](Config& config) {
         config.train.teacher = "a run";
         config.train.teacher_loss = TeacherLoss::kValues;
       }},
      {"a teacher's policy, for a bnn",
       [=](Config& config) {
         binarized(Backend::kBnn)(config);
         config.train.teacher = "a run";
       },
       MinatarObservation(4), true},
      {"an xnor_net's policy, for a bnn whose target follows slowly",
       [=](Config& config) {
         binarized(Backend::kBnn)(config);
         config.train.teacher = "a run";
         config.train.tau = 0.3;
       },
       MinatarObservation(4), true, Backend::kXnorNet},
      {"a vector of numbers",
       [](Config& config) { config.network.architecture = Architecture::kMlp; },
       {.type = ElementType::kFloat32, .channels = 4}},
      {"mlp on a stack of pictures",
       [](Config& config) { config.network.architecture = Architecture::kMlp; },
       [] {
         ObservationSpec stacked = MinatarObservation(4);
         stacked.stack = 3;
         return stacked;
       }()},
  };
}

TEST(DeviceLearner, LearnsWhatTheHostsLearnerDoes) {
  for (const Case& test : Cases()) {
    SCOPED_TRACE(test.name);
    const ProcessorsRecord record;
    const Config config = ConfigOf(test);
    const auto host = OnHost(config, test.observation);
    const auto device = OnDevice(config, test.observation);
    EXPECT_EQ(Bits(*device), Bits(*host));
    const std::unique_ptr<Teacher> teacher = MakeTeacher(config, test.teacher, test.observation);
    if (config.train.teacher) {
      host->LearnFrom(*teacher);
      device->LearnFrom(*teacher);
    }
    RandomStream random(2, "batches");
    for (int update = 0; update < 10; ++update) {
      if (test.updates_begin_alike) LoadFrom(*host, *device);
      const Batch batch = RandomBatch(config, test.observation, random);
      const UpdateResult expected = host->Update(batch), seen = device->Update(batch);
      EXPECT_NEAR(seen.loss, expected.loss, 1e-4 * std::abs(expected.loss));
      EXPECT_NEAR(seen.mean_q, expected.mean_q, 1e-4);
      EXPECT_NEAR(seen.grad_norm, expected.grad_norm, 1e-3 * expected.grad_norm);
      if (update % 4 == 3) {
        host->SyncTarget();
        device->SyncTarget();
      }
      const auto values = device->policy().ActionValues(batch.states);
      const auto expected_values = host->policy().ActionValues(batch.states);
      ASSERT_EQ(values.size(), expected_values.size());
      for (size_t i = 0; i < values.size(); ++i) EXPECT_NEAR(values[i], expected_values[i], 1e-4);
    }
    EXPECT_EQ(device->updates(), 10);
    EXPECT_LT(Difference(*device, *host), 2e-3);
    EXPECT_EQ(record.recordings(), 2);  // of the update, and of acting
    EXPECT_EQ(record.replays(), 14);
  }
}

TEST(DeviceLearner, KeepsLatentWeightsWithinOneAndRealOnesNot) {
  const ProcessorsRecord record;
  const Case test{"bnn", [](Config& config) {
                    config.network.backend = Backend::kBnn;
                    config.optimizer.learning_rate = 0.5;
                  }};
  const Config config = ConfigOf(test);
  const auto learner = OnDevice(config, test.observation);
  RandomStream random(2, "batches");
  for (int update = 0; update < 10; ++update) {
    learner->Update(RandomBatch(config, test.observation, random));
  }
  const auto largest = [&](const char* name) {
    return learner->parameters().Named(name).abs().max().item<float>();
  };
  EXPECT_EQ(largest("fc_hidden.weight"), 1);
  EXPECT_GT(largest("conv.weight"), 1);
}

TEST(DeviceLearner, GoesOnFromItsTensorsToTheSameBits) {
  const Case test{"adam"};
  const Config config = ConfigOf(test);
  const auto first = OnDevice(config, test.observation);
  RandomStream random(2, "batches");
  std::vector<Batch> batches;
  batches.reserve(12);
  for (int i = 0; i < 12; ++i) batches.push_back(RandomBatch(config, test.observation, random));
  for (int i = 0; i < 6; ++i) first->Update(batches[i]);
  first->SyncTarget();

  const auto second = OnDevice(config, test.observation);
  LoadFrom(*first, *second);
  EXPECT_EQ(Bits(*second), Bits(*first));
  for (int i = 6; i < 12; ++i) {
    EXPECT_EQ(first->Update(batches[i]).loss, second->Update(batches[i]).loss);
  }
  EXPECT_EQ(Bits(*second), Bits(*first));
}

TEST(DeviceLearner, BeginsWithTheWeightsThatItIsGiven) {
  const Case test{"adam"};
  const Config config = ConfigOf(test);
  RandomStream random(2, "batches");
  const Batch batch = RandomBatch(config, test.observation, random);
  const auto learned = OnDevice(config, test.observation);
  learned->Update(batch);
  const auto fresh = OnDevice(config, test.observation);
  fresh->InitializeFrom(EncodeSafetensors(learned->parameters().entries(), {}), "a file");
  const auto expected = learned->policy().ActionValues(batch.states);
  EXPECT_THAT(fresh->policy().ActionValues(batch.states), ::testing::ElementsAreArray(expected));
  const auto tensors = fresh->Tensors();
  EXPECT_TRUE(tensors.at("network")[0].value.equal(tensors.at("target")[0].value));
}

TEST(DeviceLearner, ActsForAnyNumberOfStatesInTurn) {
  const ProcessorsRecord record;
  const Case test{"adam"};
  Config config = ConfigOf(test);
  const auto host = OnHost(config, test.observation);
  const auto device = OnDevice(config, test.observation);
  RandomStream random(3, "states");
  for (int round = 0; round < 6; ++round) {
    for (const int64_t count : {1, 8, 3}) {
      config.train.batch_size = count;
      const Batch batch = RandomBatch(config, test.observation, random);
      const auto values = device->policy().ActionValues(batch.states);
      const auto expected = host->policy().ActionValues(batch.states);
      ASSERT_EQ(values.size(), static_cast<size_t>(count) * kActions);
      for (size_t i = 0; i < values.size(); ++i) EXPECT_NEAR(values[i], expected[i], 1e-5);
    }
  }
  EXPECT_EQ(record.recordings(), 3);
}

// Two replay memories that remember the same play, one of whose frames lie on the device.
TEST(DeviceLearner, LearnsTheSameBitsFromFramesThatTheDeviceHas) {
  const ProcessorsRecord record;
  ObservationSpec observation = MinatarObservation(4);
  observation.stack = 3;
  const Case test{"three steps", [](Config& config) { config.train.n_steps = 3; }};
  const Config config = ConfigOf(test);
  const ReplayOptions options{.buffer_size = 300,
                              .lanes = 2,
                              .frame_bytes = observation.bytes(),
                              .stack = observation.stack};
  ReplayMemory plain(options), copied(options);
  const auto from_states = OnDevice(config, observation);
  const auto from_frames = OnDevice(config, observation);
  copied.CopyFramesTo(from_frames->KeepFrames(options.UsualFrames()));

  RandomStream random(4, "play"), sample(5, "sample"), same(5, "sample");
  std::vector<uint8_t> frame(observation.bytes());
  const auto next_frame = [&] {
    for (uint8_t& byte : frame) byte = static_cast<uint8_t>(random.Below(2));
    return frame;
  };
  const auto begin = [&](int lane) {
    next_frame();
    plain.Begin(lane, frame);
    copied.Begin(lane, frame);
  };
  for (int lane = 0; lane < 2; ++lane) begin(lane);
  Batch batch;
  for (int env_step = 0; env_step < 1'500; ++env_step) {
    for (int lane = 0; lane < 2; ++lane) {
      const Transition transition{.action = static_cast<int32_t>(random.Below(kActions)),
                                  .reward = static_cast<float>(random.Uniform()),
                                  .terminated = random.Below(20) == 0};
      next_frame();
      plain.Append(lane, transition, frame);
      copied.Append(lane, transition, frame);
      if (transition.terminated) begin(lane);
    }
    if (env_step % 100 != 99) continue;
    plain.Sample(8, 3, sample, batch);
    const UpdateResult expected = from_states->Update(batch);
    copied.Sample(8, 3, same, batch);
    EXPECT_TRUE(batch.states.empty());
    EXPECT_EQ(from_frames->Update(batch).loss, expected.loss) << env_step;
  }
  EXPECT_EQ(Bits(*from_frames), Bits(*from_states));
  EXPECT_EQ(record.recordings(), 2);
}

#ifndef __SANITIZE_ADDRESS__  // which ends the program where this much is asked for
TEST(DeviceLearner, SaysThatFramesDoNotFit) {
  const Case test{"adam"};
  const auto learner = OnDevice(ConfigOf(test), test.observation);
  EXPECT_THAT([&] { learner->KeepFrames(int64_t{1} << 44); },
              ::testing::ThrowsMessage<std::invalid_argument>(
                  ::testing::AllOf(::testing::HasSubstr("keeps 17592186044416 frames of 400 bytes"),
                                   ::testing::HasSubstr("lower replay.buffer_size"))));
}
#endif

TEST(MakeLearner, SaysThatAGpuDoesNotActByAPackedNetwork) {
  Config config;
  config.network.backend = Backend::kBnn;
  config.network.actor = ActorKind::kPacked;
  config.train.device = Device::kCuda;
  ResolveDefaults(config);
  RandomStream init(1, "init");
  ThreadTeam alone(1);
  EXPECT_THAT(
      [&] { MakeLearner(config, EnvironmentOf(MinatarObservation(4)), init, alone); },
      ::testing::ThrowsMessage<std::invalid_argument>(::testing::HasSubstr("network.actor")));
}

TEST(DeviceLearner, SaysWhichUpdateMetANumberThatIsNotFinite) {
  const Case test{"squared loss", [](Config& config) { config.train.loss = Loss::kSquared; }};
  const Config config = ConfigOf(test);
  const auto learner = OnDevice(config, test.observation);
  RandomStream random(2, "batches");
  Batch batch = RandomBatch(config, test.observation, random);
  learner->Update(batch);
  batch.rewards[3] = std::numeric_limits<float>::infinity();
  try {
    learner->Update(batch);
    FAIL();
  } catch (const NonFiniteError& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("update 2: the loss is"));
  }
}

}  // namespace
}  // namespace dqnd
