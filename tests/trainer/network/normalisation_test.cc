#include "trainer/network/normalisation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include "base/random_stream.h"

namespace dqnd {
namespace {

constexpr int64_t kRows = 50, kChannels = 3;

struct Normalised {
  explicit Normalised(const NetworkSection& options)
      : norm("norm", kChannels, options, parameters) {}

  std::vector<float> Numbers(size_t entry) const {
    const at::Tensor& value = parameters.entries()[entry].value;
    return {value.const_data_ptr<float>(), value.const_data_ptr<float>() + value.numel()};
  }
  std::vector<float> running_mean() const { return Numbers(2); }
  std::vector<float> running_var() const { return Numbers(3); }

  Parameters parameters;
  Normalisation norm;
};

// Channel c of batch b varies around 10 b + c with deviation c + 1.
at::Tensor Batch(int batch, RandomStream& random) {
  at::Tensor x = at::empty({kRows, kChannels}, at::kFloat);
  for (int64_t r = 0; r < kRows; ++r) {
    for (int64_t c = 0; c < kChannels; ++c) {
      const double uniform = (2 * random.Uniform() - 1) * std::sqrt(3.0);
      x.data_ptr<float>()[r * kChannels + c] =
          static_cast<float>(10.0 * batch + static_cast<double>(c) + uniform * (c + 1));
    }
  }
  return x;
}

TEST(Normalisation, RunningStatisticsAreThePlainAverageOfAHundredUpdatesAndForgetSlowlyThen) {
  const c10::NoGradGuard no_grad;
  RandomStream random(1, "batches");
  Normalised running{NetworkSection()};
  std::vector<double> mean(kChannels), variance(kChannels);
  for (int update = 1; update <= 130; ++update) {
    const at::Tensor x = Batch(update % 3, random);
    running.norm.Apply(x, kUpdate);
    const double momentum = update <= 100 ? 1.0 / update : 0.01;
    for (int64_t c = 0; c < kChannels; ++c) {
      const at::Tensor channel = x.select(1, c);
      mean[c] += momentum * (channel.mean().item<double>() - mean[c]);
      variance[c] += momentum * (channel.var(/*unbiased=*/true).item<double>() - variance[c]);
      ASSERT_NEAR(running.running_mean()[c], mean[c], 1e-3) << "update " << update;
      ASSERT_NEAR(running.running_var()[c], variance[c], 1e-3) << "update " << update;
    }
  }
}

TEST(Normalisation, ABatchNormalisedByItselfHasMeanZeroAndDeviationOne) {
  const c10::NoGradGuard no_grad;
  RandomStream random(1, "batches");
  NetworkSection options;
  options.normalisation = NormalisationMode::kBatch;
  Normalised batch(options);
  for (int update = 0; update < 3; ++update) {
    const at::Tensor y = batch.norm.Apply(Batch(update, random), kUpdate);
    for (int64_t c = 0; c < kChannels; ++c) {
      EXPECT_NEAR(y.select(1, c).mean().item<double>(), 0, 1e-5);
      EXPECT_NEAR(y.select(1, c).std(/*unbiased=*/false).item<double>(), 1, 1e-4);
    }
  }
}

bool IsPowerOfTwo(double x) {
  int exponent = 0;
  return std::abs(std::frexp(x, &exponent)) == 0.5;
}

TEST(Normalisation, ShiftBasedFactorsArePowersOfTwoThatNormaliseNearly) {
  RandomStream random(1, "batches");
  NetworkSection options;
  options.shift_based_normalisation = true;
  Normalised shifted(options);
  {
    const c10::NoGradGuard no_grad;
    shifted.parameters.entries()[0].value.copy_(at::tensor({0.3f, -1.4f, 1.5f}));
    for (int update = 0; update < 5; ++update) {
      shifted.norm.Apply(Batch(0, random), kUpdate);
    }
  }
  const at::Tensor at_zero = at::zeros({1, kChannels}), at_one = at::ones({1, kChannels});
  const at::Tensor factors =
      (shifted.norm.Apply(at_one, kUse) - shifted.norm.Apply(at_zero, kUse)).detach();
  // 1 / deviation is 1, 1/2 and 1/3 (nearest by logarithm: 1/4); the weights round to 1/4, -1, 2.
  // The rounded squares of the variance keep it within a factor of the root of 2.
  for (int64_t c = 0; c < kChannels; ++c) {
    const double factor = factors.select(1, c).item<double>();
    const double weight = std::vector<double>{0.25, -1, 2}[c];
    EXPECT_TRUE(IsPowerOfTwo(factor)) << factor;
    EXPECT_GT(factor / weight * (c + 1), 0.5);
    EXPECT_LT(factor / weight * (c + 1), 2);
  }
}

// What an update and then a use come to: results, statistics, and the gradients of x, weight and
// bias where each result's number counts differently.
std::vector<at::Tensor> Outcome(const NetworkSection& options, const at::Tensor& numbers,
                                ComputedBy by) {
  Normalised normalised(options);
  {
    const c10::NoGradGuard no_grad;
    normalised.parameters.entries()[0].value.copy_(at::tensor({0.3f, -1.4f, 1.5f}));
    normalised.parameters.entries()[1].value.copy_(at::tensor({0.5f, 0.0f, -2.0f}));
  }
  std::vector<at::Tensor> outcome;
  for (Pass pass : {kUpdate, kUpdate, kUse}) {
    pass.by = by;
    const at::Tensor x = numbers.clone().requires_grad_(true);
    const at::Tensor y = normalised.norm.Apply(x, pass);
    y.backward(at::sin(at::arange(y.numel(), at::kFloat)).view(y.sizes()));
    outcome.insert(outcome.end(), {y.detach(), x.grad()});
  }
  for (const NamedTensor& entry : normalised.parameters.entries()) {
    outcome.push_back(entry.value.detach().clone());
    if (entry.value.requires_grad()) outcome.push_back(entry.value.grad());
  }
  return outcome;
}

TEST(Normalisation, LoopsAndOperationsComeToTheSame) {
  RandomStream random(1, "batches");
  const at::Tensor vectors = Batch(1, random);
  const at::Tensor pictures =
      vectors.view({2, 5, 5, kChannels}).permute({0, 3, 1, 2});  // channels last in memory
  for (const NormalisationMode mode : {NormalisationMode::kRunning, NormalisationMode::kBatch}) {
    for (const bool shift_based : {false, true}) {
      NetworkSection options;
      options.normalisation = mode;
      options.shift_based_normalisation = shift_based;
      for (const at::Tensor& x : {vectors, pictures}) {
        const auto by_loops = Outcome(options, x, ComputedBy::kLoops);
        const auto by_operations = Outcome(options, x, ComputedBy::kOperations);
        ASSERT_EQ(by_loops.size(), by_operations.size());
        for (size_t i = 0; i < by_loops.size(); ++i) {
          EXPECT_TRUE(at::allclose(by_operations[i], by_loops[i], 1e-5, 1e-5)) << i;
        }
      }
    }
  }
}

}  // namespace
}  // namespace dqnd
