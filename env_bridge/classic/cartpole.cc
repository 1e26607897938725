#include "env_bridge/classic/cartpole.h"

#include <cmath>
#include <numbers>

#include "env_bridge/classic/classic_environment.h"

namespace dqnd {
namespace {

constexpr double kGravity = 9.8;
constexpr double kPoleMass = 0.1;
constexpr double kTotalMass = kPoleMass + 1.0;
constexpr double kHalfPoleLength = 0.5;
constexpr double kPoleMassLength = kPoleMass * kHalfPoleLength;
constexpr double kForce = 10.0;
constexpr double kSecondsPerStep = 0.02;
constexpr double kMaxAngle = 12 * 2 * std::numbers::pi / 360;
constexpr double kMaxPosition = 2.4;

EnvironmentSpec Spec() {
  return {.id = "classic:cartpole",
          .observation = VectorObservation(4),
          .action_names = {"left", "right"},
          .min_reward = 1,
          .max_reward = 1,
          .native_width = 600,
          .native_height = 400,
          .frames_per_second = 50,
          .max_episode_env_steps = 500};
}

class CartPole final : public ClassicEnvironment {
 public:
  explicit CartPole(const EnvironmentOptions& options) : ClassicEnvironment(Spec(), options) {}

 private:
  void Begin(NumpyGenerator& generator, State& state, Observation& observation) const override {
    generator.Uniform(-0.05, 0.05, state);
    Write(state, observation);
  }

  Outcome Advance(int action, State& state, Observation& observation) const override {
    auto& [position, velocity, angle, angular_velocity] = state;
    const double force = action == 1 ? kForce : -kForce;
    const double cosine = std::cos(angle);
    const double sine = std::sin(angle);
    const double push =
        (force + kPoleMassLength * (angular_velocity * angular_velocity) * sine) / kTotalMass;
    const double angular_acceleration =
        (kGravity * sine - cosine * push) /
        (kHalfPoleLength * (4.0 / 3.0 - kPoleMass * (cosine * cosine) / kTotalMass));
    const double acceleration = push - kPoleMassLength * angular_acceleration * cosine / kTotalMass;

    position += kSecondsPerStep * velocity;
    velocity += kSecondsPerStep * acceleration;
    angle += kSecondsPerStep * angular_velocity;
    angular_velocity += kSecondsPerStep * angular_acceleration;
    Write(state, observation);
    const bool fell = std::abs(position) > kMaxPosition || std::abs(angle) > kMaxAngle;
    return {.reward = 1, .terminated = fell};
  }

  static void Write(const State& state, Observation& observation) {
    for (int i = 0; i < 4; ++i) observation[i] = static_cast<float>(state[i]);
  }
};

}  // namespace

std::unique_ptr<Environment> MakeCartPole(const EnvironmentOptions& options) {
  return std::make_unique<CartPole>(options);
}

}  // namespace dqnd
