#include "trainer/learner/host_learner.h"

#include "trainer/network/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

namespace dqnd {
namespace {

using ::testing::HasSubstr;

constexpr int kInputs = 3, kActions = 2;

EnvironmentSpec Environment3() {
  EnvironmentSpec spec;
  spec.observation = {.type = ElementType::kFloat32, .channels = kInputs};
  spec.action_names = {"left", "right"};
  return spec;
}

Config Options() {
  Config config;
  config.network.architecture = Architecture::kMlp;
  config.network.hidden_sizes = {8};
  config.optimizer.name = OptimizerName::kAdam;
  config.optimizer.learning_rate = 0.01;
  config.train.gamma = 0.9;
  ResolveDefaults(config);
  return config;
}

HostLearner Make(const Config& config, uint64_t seed = 1) {
  static ThreadTeam alone(1);
  RandomStream init(seed, "init");
  return HostLearner(config, Environment3(), init, alone);
}

std::vector<uint8_t> State(std::array<float, kInputs> values) {
  std::vector<uint8_t> bytes(sizeof values);
  std::memcpy(bytes.data(), values.data(), sizeof values);
  return bytes;
}

const std::array<float, kInputs> kHere = {0.5f, -1.0f, 2.0f}, kThere = {1.0f, 0.25f, -0.5f};

// One transition from kHere to kThere, `rewards` on the way.
Batch One(int action, std::vector<float> rewards, bool terminated) {
  Batch batch;
  batch.size = 1;
  batch.n_steps = static_cast<int>(rewards.size());
  batch.states = State(kHere);
  batch.next_states = State(kThere);
  batch.actions = {action};
  batch.steps = {batch.n_steps};
  batch.rewards = std::move(rewards);
  batch.terminated = {terminated};
  batch.indices = {0};
  batch.weights = {1};
  return batch;
}

std::array<float, kActions> Q(HostLearner& learner, const std::array<float, kInputs>& state) {
  const std::span<const float> values = learner.policy().ActionValues(State(state));
  return {values[0], values[1]};
}

double Huber(double error) {
  return std::abs(error) < 1 ? 0.5 * error * error : std::abs(error) - 0.5;
}

// Both networks and the optimizer, each as its file would hold it.
std::map<std::string, std::string> SavedState(const Learner& learner) {
  std::map<std::string, std::string> state;
  for (const auto& [name, tensors] : learner.Tensors()) {
    state[name] = EncodeSafetensors(tensors, {{"updates", std::to_string(learner.updates())}});
  }
  return state;
}

TEST(HostLearner, TheTargetOfATerminalTransitionIsItsReward) {
  HostLearner learner = Make(Options());
  const double q = Q(learner, kHere)[1];
  const UpdateResult result = learner.Update(One(1, {0.7f}, /*terminated=*/true));
  EXPECT_NEAR(result.loss, Huber(q - 0.7), 1e-6);
  EXPECT_NEAR(result.mean_q, q, 1e-6);
}

TEST(HostLearner, TheTargetOfAnyOtherTransitionBootstrapsFromTheTargetNetworksMaximum) {
  HostLearner learner = Make(Options());
  // Move the online network away, so that the two networks differ.
  const auto target_q = Q(learner, kThere);
  for (int i = 0; i < 50; ++i) learner.Update(One(0, {5.0f}, true));
  const double q = Q(learner, kHere)[0];
  const double y = 0.7 + 0.9 * std::max(target_q[0], target_q[1]);
  EXPECT_NEAR(learner.Update(One(0, {0.7f}, false)).loss, Huber(q - y), 1e-5);
}

TEST(HostLearner, DoubleDqnLetsTheOnlineNetworkChooseAndTheTargetNetworkJudge) {
  Config config = Options();
  config.train.double_q = true;
  HostLearner learner = Make(config);
  const auto judge = Q(learner, kThere);
  // Teach the online network to prefer the action that the target network likes less.
  const int other = judge[0] > judge[1] ? 1 : 0;
  Batch lesson = One(other, {9.0f}, true);
  lesson.states = State(kThere);
  for (int i = 0; i < 200; ++i) learner.Update(lesson);
  ASSERT_GT(Q(learner, kThere)[other], Q(learner, kThere)[1 - other]);
  const double q = Q(learner, kHere)[0];
  EXPECT_NEAR(learner.Update(One(0, {0.0f}, false)).loss, Huber(q - 0.9 * judge[other]), 1e-5);
}

TEST(HostLearner, SeveralStepsDiscountTheRewardsOnTheWayAndTheBootstrapBehindThem) {
  HostLearner learner = Make(Options());
  const auto next = Q(learner, kThere);
  const double q = Q(learner, kHere)[0];
  const double y = 1.0 + 0.9 * 2.0 + 0.81 * -1.0 + 0.729 * std::max(next[0], next[1]);
  EXPECT_NEAR(learner.Update(One(0, {1.0f, 2.0f, -1.0f}, false)).loss, Huber(q - y), 1e-5);
}

TEST(HostLearner, ClippedRewardsStayWithinMinusOneAndOne) {
  Config config = Options();
  config.train.clip_rewards = true;
  HostLearner learner = Make(config);
  const double q = Q(learner, kHere)[0];
  EXPECT_NEAR(learner.Update(One(0, {400.0f}, true)).loss, Huber(q - 1), 1e-6);
}

TEST(HostLearner, SquaredLossIsTheMeanSquaredError) {
  Config config = Options();
  config.train.loss = Loss::kSquared;
  HostLearner learner = Make(config);
  const double q = Q(learner, kHere)[0];
  EXPECT_NEAR(learner.Update(One(0, {3.0f}, true)).loss, (q - 3) * (q - 3), 1e-5);
}

// The gradient as small differences of the loss see it, through the network's own forward pass.
TEST(HostLearner, TheGradientsNormIsWhatSmallDifferencesOfTheLossSay) {
  HostLearner probe = Make(Options());
  const float y = 0.4f;
  const auto loss = [&] { return Huber(Q(probe, kHere)[1] - y); };
  double squares = 0;
  for (const auto& entry : probe.parameters().entries()) {
    for (int64_t i = 0; i < entry.value.numel(); ++i) {
      float& theta = entry.value.data_ptr<float>()[i];
      const float original = theta, step = 1e-2f;
      theta = original + step;
      const double above = loss();
      theta = original - step;
      const double below = loss();
      theta = original;
      squares += std::pow((above - below) / (2 * step), 2);
    }
  }
  HostLearner learner = Make(Options());
  EXPECT_NEAR(learner.Update(One(1, {y}, true)).grad_norm, std::sqrt(squares), 2e-3);
}

TEST(HostLearner, UpdatesMakeTheValueOfTheTakenActionReachItsTarget) {
  HostLearner learner = Make(Options());
  for (int i = 0; i < 500; ++i) learner.Update(One(1, {2.5f}, true));
  EXPECT_NEAR(Q(learner, kHere)[1], 2.5, 0.02);
  EXPECT_EQ(learner.updates(), 500);
}

TEST(HostLearner, AClippedGradientMovesTheParametersAsOneOfTheLimitsNorm) {
  // With plain squared means (alpha 0, large epsilon) a step is proportional to the gradient.
  Config config = Options();
  config.optimizer = {.name = OptimizerName::kRmsprop,
                      .learning_rate = 1.0,
                      .alpha = 0.0,
                      .centered = false,
                      .epsilon = 1e6};
  const auto moved = [&](std::optional<double> limit, double& norm) {
    config.train.max_grad_norm = limit;
    HostLearner learner = Make(config);
    std::vector<float> before;
    for (const auto& e : learner.parameters().entries())
      before.insert(before.end(), e.value.data_ptr<float>(),
                    e.value.data_ptr<float>() + e.value.numel());
    norm = learner.Update(One(0, {50.0f}, true)).grad_norm;
    double squares = 0;
    size_t i = 0;
    for (const auto& e : learner.parameters().entries()) {
      for (int64_t k = 0; k < e.value.numel(); ++k, ++i)
        squares += std::pow((e.value.data_ptr<float>()[k] - before[i]) * 1e6, 2);
    }
    return std::sqrt(squares);
  };
  double norm = 0, same_norm = 0;
  const double free = moved(std::nullopt, norm), clipped = moved(norm / 4, same_norm);
  EXPECT_EQ(norm, same_norm) << "the reported norm is the one before clipping";
  EXPECT_NEAR(clipped / free, 0.25, 0.05);
}

// A network's running statistics, all of them one after the other.
std::vector<float> StatisticsOf(const std::vector<NamedTensor>& tensors) {
  std::vector<float> statistics;
  for (const NamedTensor& tensor : tensors) {
    if (tensor.value.requires_grad()) continue;
    const float* numbers = tensor.value.const_data_ptr<float>();
    statistics.insert(statistics.end(), numbers, numbers + tensor.value.numel());
  }
  return statistics;
}

TEST(HostLearner, RunningStatisticsSeeSampledStatesAloneAndReachTheTargetWithItsWeights) {
  Config config = Options();
  config.network.backend = Backend::kBnn;
  config.train.double_q = true;
  HostLearner learner = Make(config);
  const auto online = [&] { return StatisticsOf(learner.Tensors().at("network")); };
  const auto target = [&] { return StatisticsOf(learner.Tensors().at("target")); };
  const std::vector<float> initial = online();
  ASSERT_FALSE(initial.empty());
  Q(learner, kHere);
  EXPECT_EQ(online(), initial) << "acting changes nothing";

  // Statistics of one state are that state's, whatever Double DQN's argmax and the target network
  // are shown: kThere or kHere.
  learner.Update(One(0, {1.0f}, false));
  const std::vector<float> once = online();
  EXPECT_NE(once, initial);
  Batch batch = One(0, {1.0f}, false);
  batch.next_states = State(kHere);
  HostLearner other = Make(config);
  other.Update(batch);
  EXPECT_EQ(StatisticsOf(other.Tensors().at("network")), once);

  EXPECT_EQ(target(), initial);
  learner.SyncTarget();
  EXPECT_EQ(target(), once);
}

TEST(HostLearner, LatentWeightsStayWithinOneAndRealOnesDoNot) {
  Config config = Options();
  config.network.backend = Backend::kBnn;
  config.network.hidden_sizes = {8, 8};
  config.optimizer.learning_rate = 0.5;
  HostLearner learner = Make(config);
  for (int i = 0; i < 50; ++i) {
    learner.Update(One(i % 2, {i % 3 == 0 ? 9.0f : -9.0f}, true));
  }
  double largest_real = 0;
  for (const NamedTensor& entry : learner.parameters().trained()) {
    const double largest = entry.value.abs().max().item<double>();
    if (entry.name == "fc1.weight") largest_real = largest;
    if (entry.name == "fc2.weight") {
      EXPECT_LE(largest, 1);
    }
  }
  EXPECT_GT(largest_real, 1);
}

TEST(HostLearner, TheTargetNetworkMovesOnlyWhenItIsSynchronised) {
  HostLearner learner = Make(Options());
  const double old_value = std::max(Q(learner, kThere)[0], Q(learner, kThere)[1]);
  for (int i = 0; i < 30; ++i) learner.Update(One(0, {4.0f}, true));
  const auto y_of = [&] {  // the loss with reward 0 tells the target
    const double q = Q(learner, kHere)[0];
    const double loss = learner.Update(One(0, {0.0f}, false)).loss;
    return q - (loss + 0.5);  // the error is above 1 here
  };
  EXPECT_NEAR(y_of(), 0.9 * old_value, 1e-4);
  learner.SyncTarget();
  const double new_value = std::max(Q(learner, kThere)[0], Q(learner, kThere)[1]);
  ASSERT_GT(std::abs(new_value - old_value), 0.01);
  EXPECT_NEAR(y_of(), 0.9 * new_value, 1e-4);
}

TEST(HostLearner, PolyakAveragingMovesTheTargetByTheFractionTau) {
  RandomStream a(1, "init"), b(2, "init");
  NetworkSection options;
  options.architecture = Architecture::kMlp;
  QNetwork source(options, Environment3().observation, kActions, a);
  QNetwork target(options, Environment3().observation, kActions, b);
  const float from = target.parameters().entries()[0].value.data_ptr<float>()[0];
  const float to = source.parameters().entries()[0].value.data_ptr<float>()[0];
  target.parameters().MoveTowards(source.parameters(), 0.25);
  EXPECT_NEAR(target.parameters().entries()[0].value.data_ptr<float>()[0],
              0.75f * from + 0.25f * to, 1e-7);
}

TEST(HostLearner, ANonFiniteRewardStopsTheUpdateBeforeAnyParameterMoves) {
  HostLearner learner = Make(Options());
  learner.Update(One(0, {1.0f}, true));
  const auto before = SavedState(learner);
  try {
    learner.Update(One(0, {std::numeric_limits<float>::quiet_NaN()}, true));
    FAIL() << "went on";
  } catch (const NonFiniteError& error) {
    EXPECT_THAT(error.what(), HasSubstr("update 2"));
  }
  EXPECT_EQ(SavedState(learner), before);
}

TEST(HostLearner, ParametersThatOverflowStopTheRun) {
  Config config = Options();
  config.optimizer.learning_rate = 1e39;
  HostLearner learner = Make(config);
  EXPECT_THROW(learner.Update(One(0, {1.0f}, true)), NonFiniteError);
}

TEST(HostLearner, ASavedLearnerGoesOnToTheSameBits) {
  HostLearner first = Make(Options());
  for (int i = 0; i < 10; ++i) first.Update(One(i % 2, {1.0f}, false));
  const auto saved = SavedState(first);
  HostLearner second = Make(Options(), /*seed=*/9);
  for (const auto& [name, tensors] : second.Tensors()) {
    DecodeSafetensors(saved.at(name), name, tensors);
  }
  second.SetUpdates(first.updates());
  for (int i = 0; i < 10; ++i) {
    first.Update(One(i % 2, {-1.0f}, false));
    second.Update(One(i % 2, {-1.0f}, false));
  }
  EXPECT_EQ(SavedState(first), SavedState(second));
}

// Says the same of every state.
Teacher FixedTeacher(const NetworkSection& options, const std::vector<float>& values) {
  RandomStream init(1, "init");
  QNetwork network(options, Environment3().observation, static_cast<int>(values.size()), init);
  const c10::NoGradGuard no_grad;
  for (const NamedTensor& entry : network.parameters().entries()) at::Tensor(entry.value).zero_();
  at::Tensor(network.parameters().entries().back().value).copy_(at::tensor(values));
  return Teacher(std::move(network), options, Environment3().observation);
}

TEST(HostLearner, LearnsItsTeachersValuesOfEveryActionWhateverTheRewardsAre) {
  for (const TeacherLoss loss : {TeacherLoss::kValues, TeacherLoss::kPolicy}) {
    Config config = Options();
    config.train.teacher_loss = loss;
    config.train.teacher_temperature = 1;
    HostLearner learner = Make(config);
    Teacher teacher = FixedTeacher(config.network, {3, -2});
    learner.LearnFrom(teacher);
    for (int update = 0; update < 2000; ++update) {
      learner.Update(One(/*action=*/0, /*rewards=*/{100}, /*terminated=*/true));
    }
    const std::span<const float> q = learner.policy().ActionValues(State(kHere));
    EXPECT_NEAR(q[0] - q[1], 5, 0.05);
    if (loss == TeacherLoss::kValues) {
      EXPECT_NEAR(q[0], 3, 0.05);
    }
  }
}

}  // namespace
}  // namespace dqnd
