// Layers whose products take bfloat16 beside the same layers in float32 that are given numbers
// which bfloat16 has: both come to the same. (What float32 layers come to is computation_test's.)

#include "trainer/network/direct_layer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

#include "base/random_stream.h"

namespace dqnd {
namespace {

struct Case {
  const char* name;
  DirectShape shape;
  int64_t batch;
};

DirectShape Vector(int64_t inputs, int64_t outputs) {
  return {.in_channels = inputs, .outputs = outputs};
}

DirectShape Picture(int64_t size, int64_t channels, int64_t kernel, int64_t stride,
                    int64_t outputs) {
  return {.in_height = size,
          .in_width = size,
          .in_channels = channels,
          .kernel_height = kernel,
          .kernel_width = kernel,
          .stride = stride,
          .outputs = outputs};
}

std::vector<Case> Cases() {
  return {{"Nature's first", Picture(84, 4, 8, 4, 32), 3},
          {"Nature's second, 9 pixels wide", Picture(20, 32, 4, 2, 64), 13},
          {"Nature's third, 7 pixels wide", Picture(9, 64, 3, 1, 64), 32},
          {"MinAtar's", Picture(10, 4, 3, 1, 16), 32},
          {"fully connected", Vector(1024, 128), 32},
          {"fully connected, few weights", Vector(64, 64), 32},
          {"fully connected, an odd batch", Vector(3136, 512), 5},
          {"fully connected, one sample", Vector(1024, 128), 1},
          {"fully connected, an odd number of outputs", Vector(130, 33), 32},
          {"fully connected, halves that are not equal", Vector(130, 34), 9},
          {"a convolution of one sample", Picture(10, 4, 3, 1, 16), 1},
          {"fully connected, no multiple of a vector", Vector(120, 84), 7},
          {"fully connected, more samples than are taken at once", Vector(300, 84), 150}};
}

// Numbers that bfloat16 has.
std::vector<float> Numbers(int64_t count, const char* name) {
  RandomStream random(1, name);
  std::vector<float> numbers(count);
  for (float& number : numbers) {
    number = static_cast<float>(static_cast<int>(random.Below(255)) - 127) / 128;
  }
  return numbers;
}

struct Results {
  std::vector<float> y, dweights, dbias, dx;
};

Results Compute(const Case& each, Precision precision, int threads) {
  const DirectShape& shape = each.shape;
  ThreadTeam team(threads);
  const std::vector<float> weights = Numbers(shape.outputs * shape.fan_in(), "weights");
  const std::vector<float> bias = Numbers(shape.outputs, "bias");
  const auto layer = MakeDirectLayer(shape, true, {weights.data(), bias.data()}, precision, team);
  const std::vector<float> x = Numbers(each.batch * shape.in_numbers(), "x");
  const std::vector<float> dy = Numbers(each.batch * shape.out_numbers(), "dy");
  Results results = {std::vector<float>(dy.size()), std::vector<float>(weights.size()),
                     std::vector<float>(bias.size()), std::vector<float>(x.size())};
  // A larger batch went before, and has left its numbers where this one ends.
  const std::vector<float> before = Numbers(2 * each.batch * shape.in_numbers(), "before");
  std::vector<float> its_y(2 * each.batch * shape.out_numbers());
  layer->Forward(2 * each.batch, before.data(), its_y.data());
  layer->Forward(each.batch, x.data(), results.y.data());
  layer->Backward(each.batch, dy.data(), {results.dweights.data(), results.dbias.data()},
                  results.dx.data());
  return results;
}

// In units of the largest number.
double Difference(const std::vector<float>& a, const std::vector<float>& b) {
  double largest = 0, difference = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    largest = std::max<double>(largest, std::abs(b[i]));
    difference = std::max<double>(difference, std::abs(a[i] - b[i]));
  }
  EXPECT_GT(largest, 0);
  return difference / largest;
}

TEST(Bfloat16Layer, OfNumbersThatBfloat16HasIsTheFloat32Layer) {
  for (const Case& each : Cases()) {
    SCOPED_TRACE(each.name);
    const Results rounded = Compute(each, Precision::kBfloat16, 2);
    const Results exact = Compute(each, Precision::kFloat32, 2);
    EXPECT_LE(Difference(rounded.y, exact.y), 1e-6);
    EXPECT_LE(Difference(rounded.dweights, exact.dweights), 1e-6);
    EXPECT_EQ(rounded.dbias, exact.dbias);
    EXPECT_LE(Difference(rounded.dx, exact.dx), 1e-6);
  }
}

TEST(DirectLayer, DoesNotDependOnTheNumberOfThreads) {
  for (const Case& each : Cases()) {
    for (const Precision precision : {Precision::kFloat32, Precision::kBfloat16}) {
      SCOPED_TRACE(each.name);
      const Results one = Compute(each, precision, 1);
      for (const int threads : {2, 3, 8}) {
        const Results many = Compute(each, precision, threads);
        EXPECT_EQ(one.y, many.y);
        EXPECT_EQ(one.dweights, many.dweights);
        EXPECT_EQ(one.dbias, many.dbias);
        EXPECT_EQ(one.dx, many.dx);
      }
    }
  }
}

TEST(Bfloat16Layer, RoundsWhatIsMultiplied) {
  ThreadTeam team(1);
  // 1 + 2^-10 is 1 in bfloat16, and 2^-10 away in float32.
  const std::vector<float> weights(64, 0x1.004p0f), bias(2, 0), x(32, 1);
  std::vector<float> y(2);
  const DirectLayer::Parameters parameters{weights.data(), bias.data()};
  MakeDirectLayer(Vector(32, 2), true, parameters, Precision::kBfloat16, team)
      ->Forward(1, x.data(), y.data());
  EXPECT_EQ(y[0], 32);
  MakeDirectLayer(Vector(32, 2), false, parameters, Precision::kBfloat16, team)
      ->Forward(1, x.data(), y.data());
  EXPECT_NEAR(y[0], 32 * 0x1.004p0, 1e-5) << "the last layer stays float32";
}

}  // namespace
}  // namespace dqnd
