#include "env_bridge/classic/mountain_car.h"

#include <algorithm>
#include <cmath>

#include "env_bridge/classic/classic_environment.h"

namespace dqnd {
namespace {

constexpr double kMinPosition = -1.2;
constexpr double kMaxPosition = 0.6;
constexpr double kGoalPosition = 0.5;
constexpr double kMaxSpeed = 0.07;
constexpr double kForce = 0.001;
constexpr double kGravity = 0.0025;

EnvironmentSpec Spec() {
  return {.id = "classic:mountain_car",
          .observation = VectorObservation(2),
          .action_names = {"left", "none", "right"},
          .min_reward = -1,
          .max_reward = -1,
          .native_width = 600,
          .native_height = 400,
          .frames_per_second = 30,
          .max_episode_env_steps = 200};
}

class MountainCar final : public ClassicEnvironment {
 public:
  explicit MountainCar(const EnvironmentOptions& options) : ClassicEnvironment(Spec(), options) {}

 private:
  void Begin(NumpyGenerator& generator, State& state, Observation& observation) const override {
    state[0] = generator.Uniform(-0.6, -0.4);
    state[1] = 0;
    Write(state, observation);
  }

  Outcome Advance(int action, State& state, Observation& observation) const override {
    double& position = state[0];
    double& velocity = state[1];
    velocity += (action - 1) * kForce + std::cos(3 * position) * -kGravity;
    velocity = std::clamp(velocity, -kMaxSpeed, kMaxSpeed);
    position = std::clamp(position + velocity, kMinPosition, kMaxPosition);
    if (position == kMinPosition && velocity < 0) velocity = 0;  // the wall at the left
    Write(state, observation);
    return {.reward = -1, .terminated = position >= kGoalPosition && velocity >= 0};
  }

  static void Write(const State& state, Observation& observation) {
    observation[0] = static_cast<float>(state[0]);
    observation[1] = static_cast<float>(state[1]);
  }
};

}  // namespace

std::unique_ptr<Environment> MakeMountainCar(const EnvironmentOptions& options) {
  return std::make_unique<MountainCar>(options);
}

}  // namespace dqnd
