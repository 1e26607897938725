#include "env_bridge/classic/classic_environment.h"

#include <cmath>
#include <cstring>
#include <stdexcept>

#include <gtest/gtest.h>

#include "env_bridge/classic/make_classic.h"
#include "env_bridge/classic/numpy_math.h"
#include "tests/env_bridge/environment_checks.h"

namespace dqnd {
namespace {

// tests/python/classic_parity_test.py compares whole games with Gymnasium; here stand a few of its
// numbers, and what has no original.

std::vector<float> Numbers(const Environment& environment) {
  const std::vector<uint8_t> bytes = Observed(environment);
  std::vector<float> numbers(bytes.size() / sizeof(float));
  std::memcpy(numbers.data(), bytes.data(), bytes.size());
  return numbers;
}

std::unique_ptr<Environment> Begun(const std::string& game, uint64_t seed,
                                   EnvironmentOptions options = {}) {
  options.id = "classic:" + game;
  auto environment = MakeClassic(game, options);
  environment->Reset(seed);
  return environment;
}

// After `env_steps` of alternately the first and the last action.
std::vector<float> NumbersAfter(const std::string& game, uint64_t seed, int env_steps) {
  const auto environment = Begun(game, seed);
  for (int i = 0; i < env_steps; ++i) {
    environment->Step(i % 2 * (environment->spec().num_actions() - 1));
  }
  return Numbers(*environment);
}

TEST(ClassicEnvironment, BeginsWithGymnasiumsNumbers) {
  EXPECT_EQ(NumbersAfter("cartpole", 42, 0),
            (std::vector<float>{0x1.c0d97ep-6f, -0x1.9090f6p-8f, 0x1.25c37p-5f, 0x1.435e26p-6f}));
  EXPECT_EQ(NumbersAfter("acrobot", 42, 0),
            (std::vector<float>{0x1.ff3b4ep-1f, 0x1.c0a002p-5f, 0x1.fff634p-1f, -0x1.908e68p-7f,
                                0x1.25c37p-4f, 0x1.435e26p-5f}));
  EXPECT_EQ(NumbersAfter("mountain_car", 42, 0), (std::vector<float>{-0x1.c7e4dp-2f, 0}));
}

TEST(ClassicEnvironment, ComesToGymnasiumsNumbersIn20EnvSteps) {
  EXPECT_EQ(NumbersAfter("cartpole", 42, 20),
            (std::vector<float>{-0x1.1cfaeap-6f, -0x1.eace98p-6f, 0x1.6907bep-3f, 0x1.1b891p-1f}));
  EXPECT_EQ(NumbersAfter("acrobot", 42, 20),
            (std::vector<float>{0x1.fff4dcp-1f, -0x1.ab2ba2p-7f, 0x1.fd000ep-1f, 0x1.babd84p-4f,
                                0x1.fc2d8ap-6f, -0x1.e17746p-4f}));
  EXPECT_EQ(NumbersAfter("mountain_car", 42, 20),
            (std::vector<float>{-0x1.16d328p-1f, -0x1.90e42ap-8f}));
}

TEST(NumpyMath, EqualsNumpyWhereTheCorrectlyRoundedResultDoesNot) {
  EXPECT_EQ(NumpySine(-0x1.f71bdap-5f), -0x1.f6cae6p-5f);
  EXPECT_EQ(NumpySine(-0x1.43951ep-4f), -0x1.433efcp-4f);
  EXPECT_EQ(NumpyCosine(0x1.191824p-4f), 0x1.fecb78p-1f);
  EXPECT_EQ(NumpyCosine(0x1.756be2p-4f), 0x1.fddfacp-1f);
  EXPECT_EQ(NumpySquare(-0x1.3e618498c8d27p+2), 0x1.8bf66a915360ep+4);
}

TEST(ClassicEnvironment, SpecsAreGymnasiums) {
  struct Expected {
    const char* game;
    int numbers, actions, width, height, frames_per_second;
    int64_t limit;
  };
  for (const Expected& expected :
       {Expected{"cartpole", 4, 2, 600, 400, 50, 500}, Expected{"acrobot", 6, 3, 400, 400, 15, 500},
        Expected{"mountain_car", 2, 3, 600, 400, 30, 200}}) {
    const EnvironmentSpec spec = MakeClassic(expected.game, {})->spec();
    EXPECT_EQ(
        spec.observation,
        (ObservationSpec{
            .type = ElementType::kFloat32, .height = 1, .width = 1, .channels = expected.numbers}));
    EXPECT_EQ(spec.num_actions(), expected.actions) << expected.game;
    EXPECT_EQ(spec.native_width, expected.width) << expected.game;
    EXPECT_EQ(spec.native_height, expected.height) << expected.game;
    EXPECT_EQ(spec.frames_per_second, expected.frames_per_second) << expected.game;
    EXPECT_EQ(spec.max_episode_env_steps, expected.limit) << expected.game;
  }
}

TEST(ClassicEnvironment, ASeedBeginsTheGeneratorAnewAndWithoutOneItGoesOn) {
  const auto environment = Begun("cartpole", 1);
  const std::vector<float> first = Numbers(*environment);
  environment->Reset();
  EXPECT_NE(Numbers(*environment), first);
  environment->Reset(1);
  EXPECT_EQ(Numbers(*environment), first);
}

TEST(ClassicEnvironment, IsTruncatedAtTheLimitAndCountsEachEpisodeAnew) {
  const auto environment = Begun("mountain_car", 1);
  for (int episode = 0; episode < 2; ++episode) {
    for (int env_step = 1; env_step < 200; ++env_step) ASSERT_FALSE(environment->Step(1).done());
    const StepResult last = environment->Step(1);
    EXPECT_TRUE(last.truncated);
    EXPECT_FALSE(last.terminated);
    environment->Reset();
  }
}

TEST(ClassicEnvironment, AFallingPoleTerminatesAndIsStillRewarded) {
  const auto environment = Begun("cartpole", 1);
  StepResult result;
  int env_steps = 0;
  for (; !result.done(); ++env_steps) result = environment->Step(0);
  EXPECT_TRUE(result.terminated);
  EXPECT_FALSE(result.truncated);
  EXPECT_EQ(result.reward, 1);
  EXPECT_LT(env_steps, 15);
}

TEST(ClassicEnvironment, AnAcrobotThatReachesTheHeightIsRewardedWithZero) {
  const auto environment = Begun("acrobot", 1);
  StepResult result;
  while (!result.done()) {
    result = environment->Step(Numbers(*environment)[4] < 0 ? 2 : 0);
    EXPECT_EQ(result.reward, result.terminated ? 0 : -1);
  }
  EXPECT_TRUE(result.terminated);
}

// The middle, in pixels, of all that is plainly of this colour. The edges of other things may mix
// to the same one, but under another number: plain colours come first in the palette.
struct Middle {
  double x = 0, y = 0;
};
Middle MiddleOf(const Image& image, const std::vector<int>& colour) {
  int number = 0;
  while (std::vector<int>(image.palette.begin() + 3 * number,
                          image.palette.begin() + 3 * number + 3) != colour) {
    ++number;
  }
  Middle sum;
  int count = 0;
  for (int row = 0; row < image.height; ++row) {
    for (int column = 0; column < image.width; ++column) {
      if (image.pixels[row * image.width + column] != number) continue;
      sum.x += column + 0.5;
      sum.y += row + 0.5;
      ++count;
    }
  }
  return {sum.x / count, sum.y / count};
}

TEST(ClassicEnvironment, DrawsThePoleAsItLeansOnItsCart) {
  const std::vector<int> kWood = {202, 152, 101}, kAxle = {129, 132, 203};
  const auto environment = Begun("cartpole", 1);
  for (StepResult result; !result.done(); result = environment->Step(0)) {
    const std::vector<float> state = Numbers(*environment);
    const Image image = Picture(*environment);
    const Middle axle = MiddleOf(image, kAxle), pole = MiddleOf(image, kWood);
    EXPECT_NEAR(axle.x, 300 + 125 * state[0], 0.5);
    EXPECT_NEAR(axle.y, 292.5, 0.5);
    // The pole's middle is 57.5 pixels from the axle; the axle hides a little of its foot.
    EXPECT_NEAR(std::atan2(pole.x - axle.x, axle.y - pole.y), state[2], 0.01);
    EXPECT_NEAR(std::hypot(pole.x - axle.x, axle.y - pole.y), 60, 3);
  }
}

TEST(ClassicEnvironment, DrawsTheLinksOfTheAcrobotAtTheirAngles) {
  const std::vector<int> kLink = {0, 204, 204}, kJoint = {204, 204, 0};
  const auto environment = Begun("acrobot", 1);
  for (int env_step = 0; env_step < 60; ++env_step) {
    const std::vector<float> state = Numbers(*environment);
    const double angle1 = std::atan2(state[1], state[0]), angle2 = std::atan2(state[3], state[2]);
    const double scale = 400 / 4.4;
    const double elbow_x = 200 + scale * std::sin(angle1), elbow_y = 200 + scale * std::cos(angle1);
    const double tip_x = elbow_x + scale * std::sin(angle1 + angle2);
    const double tip_y = elbow_y + scale * std::cos(angle1 + angle2);
    const Image image = Picture(*environment);
    EXPECT_EQ(ColourAt(image, 200, 200), kJoint);
    EXPECT_EQ(ColourAt(image, static_cast<int>(elbow_x), static_cast<int>(elbow_y)), kJoint);
    EXPECT_EQ(ColourAt(image, static_cast<int>(0.1 * elbow_x + 0.9 * tip_x),
                       static_cast<int>(0.1 * elbow_y + 0.9 * tip_y)),
              kLink);
    environment->Step(Numbers(*environment)[4] < 0 ? 2 : 0);
  }
}

TEST(ClassicEnvironment, DrawsTheMountainCarAboveTheGround) {
  const std::vector<int> kWheel = {128, 128, 128};
  const auto environment = Begun("mountain_car", 1);
  for (int env_step = 0; env_step < 150; ++env_step) {
    environment->Step(Numbers(*environment)[1] < 0 ? 0 : 2);
    const double position = Numbers(*environment)[0];
    if (position < -1.1 || position > 0.5) continue;  // the picture's edge cuts the car
    const double x = (position + 1.2) * 600 / 1.8;
    const double ground = 400 - (0.45 * std::sin(3 * position) + 0.55) * 600 / 1.8;
    const Middle wheels = MiddleOf(Picture(*environment), kWheel);
    EXPECT_NEAR(std::hypot(wheels.x - x, wheels.y - ground), 8, 0.5);
    EXPECT_LT(wheels.y, ground);
  }
}

TEST(ClassicEnvironment, ContinuesIdenticallyFromASavedState) {
  for (const std::string& game : ClassicGames()) {
    ExpectContinuesIdentically({.id = "classic:" + game}, 300);
  }
}

TEST(ClassicEnvironment, RefusesAStateThatIsNotItsOwn) {
  const auto environment = Begun("cartpole", 1);
  const std::string state = environment->SaveState();
  EXPECT_THROW(environment->LoadState(""), std::runtime_error);
  EXPECT_THROW(environment->LoadState(state + "x"), std::runtime_error);
  EXPECT_THROW(environment->LoadState(state.substr(0, state.size() - 1)), std::runtime_error);
  EXPECT_THROW(Begun("acrobot", 1)->LoadState(state), std::runtime_error);
}

TEST(MakeClassic, RefusesAGameThatIsNone) {
  EXPECT_THROW(MakeClassic("pendulum", {}), std::invalid_argument);
}

}  // namespace
}  // namespace dqnd
