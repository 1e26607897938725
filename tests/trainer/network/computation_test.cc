#include "trainer/network/computation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include "tests/trainer/network/observations.h"

namespace dqnd {
namespace {

struct Network {
  const char* name;
  Architecture architecture;
  ObservationSpec observation;
  int num_actions;
  std::vector<int64_t> hidden_sizes = {64, 64};
  int64_t width = 1;
};

std::vector<Network> Networks() {
  return {{"nature_cnn", Architecture::kNatureCnn, AtariObservation(), 4},
          {"minatar_cnn", Architecture::kMinatarCnn, MinatarObservation(4), 6},
          {"minatar_cnn_of_seaquest", Architecture::kMinatarCnn, MinatarObservation(10), 6},
          {"wide minatar_cnn", Architecture::kMinatarCnn, MinatarObservation(7), 3, {}, 2},
          {"mlp", Architecture::kMlp, {.type = ElementType::kFloat32, .channels = 4}, 2},
          {"CleanRL's mlp",
           Architecture::kMlp,
           {.type = ElementType::kFloat32, .channels = 6},
           3,
           {120, 84}},
          {"mlp on a stack of frames", Architecture::kMlp, MinatarObservation(4), 5, {17}}};
}

class BothWays {
 public:
  explicit BothWays(const Network& network, int threads = 2,
                    Precision precision = Precision::kFloat32)
      : team_(threads),
        observation_(network.observation),
        network_(Options(network), network.observation, network.num_actions, init_),
        reference_(ComputeByLibTorch(network_, network.observation)),
        direct_(ComputeDirectly(network_, network.observation, precision, team_)) {}

  static NetworkSection Options(const Network& network) {
    NetworkSection options;
    options.architecture = network.architecture;
    options.hidden_sizes = network.hidden_sizes;
    options.width = network.width;
    return options;
  }

  std::vector<uint8_t> States(int64_t batch) {
    RandomStream random(batch, "states");
    const int64_t numbers = batch * observation_.stack * observation_.elements();
    std::vector<uint8_t> states(batch * observation_.stack * observation_.bytes());
    for (int64_t i = 0; i < numbers; ++i) {
      if (observation_.type == ElementType::kUint8) {
        states[i] = static_cast<uint8_t>(random.Below(256));
      } else {
        reinterpret_cast<float*>(states.data())[i] = static_cast<float>(random.Uniform() * 4 - 2);
      }
    }
    return states;
  }

  // Of all parameters, one after the other in the order of their memory.
  std::vector<float> Gradient(Computation& computation, int64_t batch) {
    const std::vector<uint8_t> states = States(batch);
    const std::span<const float> values = computation.Values(states, kUpdate);
    std::vector<float> gradient_of_values(values.size());
    RandomStream random(5, "gradient");
    for (float& number : gradient_of_values) number = static_cast<float>(random.Uniform() - 0.5);
    computation.Backpropagate(gradient_of_values);
    std::vector<float> gradient;
    for (const NamedTensor& parameter : network_.parameters().trained()) {
      const at::Tensor& of_it = parameter.value.grad();
      EXPECT_EQ(of_it.strides(), parameter.value.strides()) << parameter.name;
      gradient.insert(gradient.end(), of_it.const_data_ptr<float>(),
                      of_it.const_data_ptr<float>() + of_it.numel());
    }
    return gradient;
  }

  Computation& reference() { return *reference_; }
  Computation& direct() { return *direct_; }
  QNetwork& network() { return network_; }

 private:
  ThreadTeam team_;
  RandomStream init_{3, "init"};
  ObservationSpec observation_;
  QNetwork network_;
  std::unique_ptr<Computation> reference_, direct_;
};

// The largest difference, in units of the largest number there is.
double Difference(std::span<const float> a, std::span<const float> b) {
  EXPECT_EQ(a.size(), b.size());
  double largest = 0, difference = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    largest = std::max<double>(largest, std::abs(b[i]));
    difference = std::max<double>(difference, std::abs(a[i] - b[i]));
  }
  EXPECT_GT(largest, 0);
  return difference / largest;
}

// What docs/performance.md says of the two.
constexpr double kTolerance = 1e-5;

TEST(DirectComputation, HasTheReferencesValuesAndGradient) {
  for (const Network& network : Networks()) {
    BothWays both(network);
    for (const int64_t batch : {1, 3, 8, 32, 50}) {
      SCOPED_TRACE(std::string(network.name) + ", batch " + std::to_string(batch));
      const std::vector<uint8_t> states = both.States(batch);
      EXPECT_LE(
          Difference(both.direct().Values(states, kUse), both.reference().Values(states, kUse)),
          kTolerance);
      const std::vector<float> reference = both.Gradient(both.reference(), batch);
      EXPECT_LE(Difference(both.Gradient(both.direct(), batch), reference), kTolerance);
    }
  }
}

// Through batches that go layer by layer with some numbers of threads, and sample by sample with
// others; a pass that wants no gradient, of another batch, goes before each that does.
TEST(DirectComputation, DoesNotDependOnTheNumberOfThreads) {
  for (const Network& network : Networks()) {
    for (const Precision precision : {Precision::kFloat32, Precision::kBfloat16}) {
      BothWays one(network, 1, precision);
      for (const int threads : {2, 3, 8}) {
        BothWays many(network, threads, precision);
        for (const int64_t batch : {1, 7, 24, 33, 64}) {
          SCOPED_TRACE(testing::Message()
                       << network.name << ", " << threads << " threads, batch " << batch);
          const std::vector<uint8_t> states = one.States(batch + 40);
          const auto values = one.direct().Values(states, kUse);
          const auto others = many.direct().Values(states, kUse);
          EXPECT_TRUE(std::ranges::equal(values, others));
          EXPECT_EQ(one.Gradient(one.direct(), batch), many.Gradient(many.direct(), batch));
        }
      }
    }
  }
}

// |a - b| / |b|, Euclidean: a rectifier that rounding has cut off, or has not, moves single numbers
// by more.
double Distance(std::span<const float> a, std::span<const float> b) {
  double squared = 0, of_b = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    squared += std::pow(static_cast<double>(a[i]) - b[i], 2);
    of_b += std::pow(static_cast<double>(b[i]), 2);
  }
  return std::sqrt(squared / of_b);
}

// bfloat16 has eight bits. Of the rectifiers, as many as one in two hundred change sides, and the
// gradient with them by the root of that.
TEST(DirectComputation, InBfloat16IsCloseToFloat32) {
  constexpr double kClose = 0.02, kCloseGradient = 0.1;
  for (const Network& network : Networks()) {
    BothWays both(network, 2, Precision::kBfloat16);
    for (const int64_t batch : {1, 3, 32, 50}) {
      SCOPED_TRACE(testing::Message() << network.name << ", batch " << batch);
      const std::vector<uint8_t> states = both.States(batch);
      EXPECT_LE(Distance(both.direct().Values(states, kUse), both.reference().Values(states, kUse)),
                kClose);
      const std::vector<float> reference = both.Gradient(both.reference(), batch);
      EXPECT_LE(Distance(both.Gradient(both.direct(), batch), reference), kCloseGradient);
    }
  }
}

TEST(DirectComputation, TakesChangedParametersUp) {
  for (const Network& network : Networks()) {
    BothWays both(network);
    const std::vector<uint8_t> states = both.States(4);
    both.direct().Values(states, kUse);
    {
      const c10::NoGradGuard no_grad;
      for (const NamedTensor& entry : both.network().parameters().entries()) entry.value.mul_(0.5);
    }
    both.direct().ParametersChanged();
    EXPECT_LE(Difference(both.direct().Values(states, kUse), both.reference().Values(states, kUse)),
              kTolerance)
        << network.name;
  }
}

}  // namespace
}  // namespace dqnd
