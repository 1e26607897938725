#include "trainer/network/binary_ops.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include <ATen/ATen.h>

namespace dqnd {
namespace {

using ::testing::ElementsAre;

std::vector<float> Numbers(const at::Tensor& tensor) {
  const at::Tensor flat = tensor.detach().contiguous();
  return {flat.const_data_ptr<float>(), flat.const_data_ptr<float>() + flat.numel()};
}

at::Tensor Tensor(const std::vector<float>& numbers) {
  return at::tensor(numbers).requires_grad_(true);
}

class SignOfActivationsTest : public ::testing::TestWithParam<ComputedBy> {};

TEST_P(SignOfActivationsTest, OfBothZerosIsPlusOne) {
  EXPECT_THAT(Numbers(SignOfActivations(Tensor({0.0f, -0.0f, 1e-30f, -1e-30f}), Ste::kHardTanh,
                                        GetParam())),
              ElementsAre(1, 1, 1, -1));
}

// The gradient at each of `x` when 3 arrives from above.
std::vector<float> GradientOfSign(const std::vector<float>& numbers, Ste ste, ComputedBy by) {
  at::Tensor x = Tensor(numbers);
  SignOfActivations(x, ste, by).backward(at::full_like(x, 3));
  return Numbers(x.grad());
}

TEST_P(SignOfActivationsTest, PassesTheGradientAsItsEstimatorSays) {
  const std::vector<float> x = {-1.5f, -1, -0.75f, 0, 0.5f, 1, 1.0001f};
  EXPECT_THAT(GradientOfSign(x, Ste::kIdentity, GetParam()), ElementsAre(3, 3, 3, 3, 3, 3, 3));
  EXPECT_THAT(GradientOfSign(x, Ste::kHardTanh, GetParam()), ElementsAre(0, 3, 3, 3, 3, 3, 0));
  EXPECT_THAT(GradientOfSign(x, Ste::kBireal, GetParam()), ElementsAre(0, 0, 1.5f, 6, 3, 0, 0));
}

class SignOfWeightsTest : public ::testing::TestWithParam<ComputedBy> {};

TEST_P(SignOfWeightsTest, PassesTheGradientStraightThrough) {
  at::Tensor latent = Tensor({-1.5f, -0.0f, 0.25f});
  const at::Tensor signs = SignOfWeights(latent, GetParam());
  EXPECT_THAT(Numbers(signs), ElementsAre(-1, 1, 1));
  signs.backward(at::tensor({1.0f, 2.0f, 3.0f}));
  EXPECT_THAT(Numbers(latent.grad()), ElementsAre(1, 2, 3));
}

// The product alpha sign(W), element by element, has the derivative that plain calculus gives it
// where sign's is taken as 1: that of mean |W| reaches every weight of the output.
class ScaledSignsOfWeightsTest : public ::testing::TestWithParam<ComputedBy> {};

TEST_P(ScaledSignsOfWeightsTest, TheScaleIsTheMeanOfTheAbsolutesAndHasItsShareOfTheGradient) {
  at::Tensor latent = at::tensor({0.5f, -0.25f, 2.0f, -0.25f, 1.0f, 1.0f, 1.0f, -1.0f})
                          .view({2, 4})
                          .requires_grad_(true);
  const ScaledSigns weight = ScaledSignsOfWeights(latent, GetParam());
  EXPECT_THAT(Numbers(weight.signs), ElementsAre(1, -1, 1, -1, 1, 1, 1, -1));
  EXPECT_THAT(Numbers(weight.scales), ElementsAre(0.75f, 1));
  (weight.signs * weight.scales.view({2, 1}))
      .backward(at::tensor({1.0f, 2.0f, 3.0f, 4.0f, 0.0f, 0.0f, 0.0f, 8.0f}).view({2, 4}));
  // First output: dC/dalpha = 1 - 2 + 3 - 4 = -2, a quarter of it with each weight's sign; beyond 1
  // the sign's own part is cut off. Second: dC/dalpha = -8.
  EXPECT_THAT(Numbers(latent.grad()),
              ElementsAre(0.75f - 0.5f, 1.5f + 0.5f, -0.5f, 3 + 0.5f, -2, -2, -2, 8 + 2));
}

constexpr auto kBoth = {ComputedBy::kLoops, ComputedBy::kOperations};
const auto kNames = [](const auto& tested) {
  return tested.param == ComputedBy::kLoops ? "Loops" : "Operations";
};
INSTANTIATE_TEST_SUITE_P(By, SignOfActivationsTest, ::testing::ValuesIn(kBoth), kNames);
INSTANTIATE_TEST_SUITE_P(By, SignOfWeightsTest, ::testing::ValuesIn(kBoth), kNames);
INSTANTIATE_TEST_SUITE_P(By, ScaledSignsOfWeightsTest, ::testing::ValuesIn(kBoth), kNames);

TEST(ClipLatent, KeepsWeightsWithinOne) {
  const at::Tensor latent = at::tensor({-7.0f, -1.0f, 0.3f, 1.00001f});
  ClipLatent(latent);
  EXPECT_THAT(Numbers(latent), ElementsAre(-1, -1, 0.3f, 1));
}

}  // namespace
}  // namespace dqnd
