#include "trainer/learner/optimizer.h"

#include "trainer/network/safetensors.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <optional>
#include <vector>

#include <ATen/ATen.h>

#include "base/random_stream.h"

namespace dqnd {
namespace {

constexpr int kSize = 37;  // no multiple of a vector's width
constexpr int kSteps = 60;

OptimizerSection Options(OptimizerName name, std::optional<bool> centered = std::nullopt) {
  Config config;
  config.optimizer.name = name;
  config.optimizer.learning_rate = 0.01;
  config.optimizer.centered = centered;
  ResolveDefaults(config);
  return config.optimizer;
}

// Plays the same gradients to the optimizer and to `reference`, which moves one number by its
// formula in double precision, and compares after every step.
using Reference = std::function<void(int index, int step, double gradient, double& theta)>;

void ExpectFollows(const OptimizerSection& options, const Reference& reference, float factor = 1) {
  RandomStream random(11, "gradients");
  const auto draw = [&] { return static_cast<float>(2 * random.Uniform() - 1); };
  Parameters parameters;
  const at::Tensor theta = parameters.Add("w", at::empty({kSize}, at::kFloat));
  std::vector<double> expected(kSize);
  for (int i = 0; i < kSize; ++i) expected[i] = theta.data_ptr<float>()[i] = draw();
  ThreadTeam team(2);
  Optimizer optimizer(options, parameters, team);
  for (int step = 1; step <= kSteps; ++step) {
    const at::Tensor gradient = at::empty({kSize}, at::kFloat);
    for (int i = 0; i < kSize; ++i) {
      gradient.data_ptr<float>()[i] = draw() * (i % 3 == 0 ? 1e-3f : 1.0f);
      reference(i, step, static_cast<double>(gradient.data_ptr<float>()[i]) * factor, expected[i]);
    }
    theta.mutable_grad() = gradient;
    const double norm = gradient.norm().item<double>();
    const auto outcome = optimizer.Step(factor < 1 ? std::optional(norm * factor) : std::nullopt);
    EXPECT_TRUE(outcome.finite);
    EXPECT_NEAR(outcome.gradient_norm, norm, 1e-5 * norm);
    for (int i = 0; i < kSize; ++i) {
      ASSERT_NEAR(theta.data_ptr<float>()[i], expected[i], 2e-5)
          << "step " << step << ", number " << i;
    }
  }
  EXPECT_EQ(optimizer.steps(), kSteps);
}

TEST(Optimizer, AdamFollowsKingmaAndBa) {
  std::vector<double> m(kSize), v(kSize);
  ExpectFollows(Options(OptimizerName::kAdam), [&](int i, int t, double g, double& theta) {
    m[i] = 0.9 * m[i] + 0.1 * g;
    v[i] = 0.999 * v[i] + 0.001 * g * g;
    theta -= 0.01 * (m[i] / (1 - std::pow(0.9, t))) /
             (std::sqrt(v[i] / (1 - std::pow(0.999, t))) + 1e-8);
  });
}

TEST(Optimizer, RmspropFollowsPyTorchsFormula) {
  std::vector<double> v(kSize);
  ExpectFollows(Options(OptimizerName::kRmsprop, false), [&](int i, int, double g, double& theta) {
    v[i] = 0.99 * v[i] + 0.01 * g * g;
    theta -= 0.01 * g / (std::sqrt(v[i]) + 1e-8);
  });
}

TEST(Optimizer, CenteredRmspropSubtractsTheSquaredMeanGradient) {
  OptimizerSection options = Options(OptimizerName::kRmsprop, true);
  options.alpha = 0.95;
  options.epsilon = 0.01;
  std::vector<double> m(kSize), v(kSize);
  ExpectFollows(options, [&](int i, int, double g, double& theta) {
    v[i] = 0.95 * v[i] + 0.05 * g * g;
    m[i] = 0.95 * m[i] + 0.05 * g;
    theta -= 0.01 * g / (std::sqrt(v[i] - m[i] * m[i]) + 0.01);
  });
}

TEST(Optimizer, RmspropNatureHasEpsilonInsideTheRoot) {
  std::vector<double> m(kSize), v(kSize);
  ExpectFollows(Options(OptimizerName::kRmspropNature), [&](int i, int, double g, double& theta) {
    v[i] = 0.95 * v[i] + 0.05 * g * g;
    m[i] = 0.95 * m[i] + 0.05 * g;
    theta -= 0.01 * g / std::sqrt(v[i] - m[i] * m[i] + 0.01);
  });
}

TEST(Optimizer, AGradientFactorScalesEveryGradient) {
  std::vector<double> v(kSize);
  ExpectFollows(
      Options(OptimizerName::kRmsprop, false),
      [&](int i, int, double g, double& theta) {
        v[i] = 0.99 * v[i] + 0.01 * g * g;
        theta -= 0.01 * g / (std::sqrt(v[i]) + 1e-8);
      },
      0.25f);
}

TEST(Optimizer, DoesNotDependOnTheNumberOfThreads) {
  constexpr int64_t kMany = 100'001;  // several pieces
  for (const std::optional<double> max_norm : {std::optional<double>(), std::optional(1.0)}) {
    std::vector<at::Tensor> results;
    std::vector<double> norms;
    for (const int threads : {1, 3}) {
      Parameters parameters;
      const at::Tensor theta = parameters.Add("w", at::ones({kMany}));
      RandomStream random(3, "gradient");
      const at::Tensor gradient = at::empty({kMany}, at::kFloat);
      for (int64_t i = 0; i < kMany; ++i) {
        gradient.data_ptr<float>()[i] = static_cast<float>(random.Uniform() - 0.5);
      }
      theta.mutable_grad() = gradient;
      ThreadTeam team(threads);
      Optimizer optimizer(Options(OptimizerName::kAdam), parameters, team);
      norms.push_back(optimizer.Step(max_norm).gradient_norm);
      results.push_back(theta.detach().clone());
    }
    EXPECT_EQ(norms[0], norms[1]);
    EXPECT_TRUE(at::equal(results[0], results[1]));
  }
}

TEST(Optimizer, SaysWhenAParameterIsNotFinite) {
  for (const float gradient : {INFINITY, NAN}) {
    Parameters parameters;
    const at::Tensor theta = parameters.Add("w", at::ones({kSize}));
    theta.mutable_grad() = at::zeros({kSize});
    ThreadTeam team(2);
    Optimizer optimizer(Options(OptimizerName::kRmsprop, false), parameters, team);
    EXPECT_TRUE(optimizer.Step().finite);
    theta.mutable_grad()[kSize - 1] = gradient;
    EXPECT_FALSE(optimizer.Step().finite);
  }
}

TEST(Optimizer, AGradientThatCannotBeClippedChangesNothing) {
  for (const float gradient : {INFINITY, NAN}) {
    Parameters parameters;
    const at::Tensor theta = parameters.Add("w", at::ones({kSize}));
    theta.mutable_grad() = at::full({kSize}, gradient);
    ThreadTeam team(2);
    Optimizer optimizer(Options(OptimizerName::kAdam), parameters, team);
    EXPECT_FALSE(optimizer.Step(10.0).finite);
    EXPECT_TRUE(at::equal(theta, at::ones({kSize})));
    EXPECT_EQ(optimizer.steps(), 0);
  }
}

TEST(Optimizer, ASavedStateGoesOnToTheSameBits) {
  const OptimizerSection options = Options(OptimizerName::kAdam);
  ThreadTeam team(1);
  const auto step = [](Optimizer& optimizer, Parameters& parameters, float gradient) {
    parameters.entries()[0].value.mutable_grad() = at::full({kSize}, gradient);
    optimizer.Step();
  };
  Parameters a, b;
  a.Add("w", at::ones({kSize}));
  b.Add("w", at::ones({kSize}));
  Optimizer first(options, a, team);
  for (int i = 0; i < 5; ++i) step(first, a, 0.1f * static_cast<float>(i));
  const std::string weights = EncodeSafetensors(a.entries(), {});
  const std::string moments = EncodeSafetensors(first.State(), {});
  Optimizer second(options, b, team);
  DecodeSafetensors(weights, "weights", b.entries());
  DecodeSafetensors(moments, "moments", second.State());
  second.SetSteps(first.steps());
  step(first, a, -0.3f);
  step(second, b, -0.3f);
  EXPECT_TRUE(at::equal(a.entries()[0].value, b.entries()[0].value));
}

TEST(Optimizer, AMomentThatDecaysBelowTheSmallestNormalNumberIsZeroAndOtherArithmeticKeepsItsOwn) {
  OptimizerSection options = Options(OptimizerName::kRmsprop, false);
  options.alpha = 0.5;
  Parameters parameters;
  parameters.Add("w", at::ones({kSize}));
  ThreadTeam team(2);
  Optimizer optimizer(options, parameters, team);
  for (int step = 0; step < 200; ++step) {
    parameters.entries()[0].value.mutable_grad() = at::full({kSize}, step == 0 ? 1.0f : 0.0f);
    optimizer.Step();
  }
  EXPECT_EQ(optimizer.steps(), 200);
  const std::vector<NamedTensor> state = optimizer.State();
  ASSERT_EQ(state[1].name, "w.square_avg");
  const std::span squared_mean(state[1].value.const_data_ptr<float>(), kSize);
  for (float v : squared_mean) EXPECT_EQ(std::fpclassify(v), FP_ZERO);
  volatile float small = 1e-38f;
  small = small / 16;
  EXPECT_EQ(std::fpclassify(small), FP_SUBNORMAL) << "outside of a step";
}

TEST(Optimizer, TheGradientsNormIsEuclideanOverAllParameters) {
  Parameters parameters;
  parameters.Add("a", at::zeros({20})).mutable_grad() = at::full({20}, 2.0f);
  parameters.Add("b", at::zeros({5})).mutable_grad() = at::full({5}, -4.0f);
  ThreadTeam team(2);
  for (const std::optional<double> max_norm : {std::optional<double>(), std::optional(10.0)}) {
    Optimizer optimizer(Options(OptimizerName::kAdam), parameters, team);
    EXPECT_NEAR(optimizer.Step(max_norm).gradient_norm, std::sqrt(20 * 4 + 5 * 16), 1e-6);
  }
}

}  // namespace
}  // namespace dqnd
