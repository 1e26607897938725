#include "env_bridge/classic/cartpole.h"

#include <cmath>
#include <numbers>

#include "env_bridge/classic/classic_environment.h"
#include "env_bridge/drawing/canvas.h"

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

// Of the picture, in pixels.
constexpr int kWidth = 600, kHeight = 400;
constexpr double kScale = kWidth / (2 * kMaxPosition);
constexpr double kTrackY = 300;
constexpr double kCartWidth = 50, kCartHeight = 30;
constexpr double kAxleAboveTrack = kCartHeight / 4;
constexpr double kPoleWidth = 10;
constexpr double kPoleLength = kScale * 2 * kHalfPoleLength;

EnvironmentSpec Spec() {
  return {.id = "classic:cartpole",
          .observation = VectorObservation(4),
          .action_names = {"left", "right"},
          .min_reward = 1,
          .max_reward = 1,
          .native_width = kWidth,
          .native_height = kHeight,
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

  void Draw(const State& state, Image& image) const override {
    enum : uint8_t { kBackground, kBlack, kWood, kAxle };
    static const Paints paints({{255, 255, 255}, {0, 0, 0}, {202, 152, 101}, {129, 132, 203}});
    static const Image scenery = [] {
      Image drawing;
      Canvas(drawing, kWidth, kHeight, paints).DrawLine({0, kTrackY}, {kWidth, kTrackY}, 2, kBlack);
      return drawing;
    }();
    image = scenery;
    Canvas canvas(image, paints);
    const double x = kWidth / 2.0 + kScale * state[0];
    canvas.DrawLine({x - kCartWidth / 2, kTrackY}, {x + kCartWidth / 2, kTrackY}, kCartHeight,
                    kBlack);

    const Point axle = {x, kTrackY - kAxleAboveTrack};
    const double angle = state[2];  // from upright to the right
    const auto along_pole = [&](double length) {
      return Point{axle.x + length * std::sin(angle), axle.y - length * std::cos(angle)};
    };
    canvas.DrawLine(along_pole(-kPoleWidth / 2), along_pole(kPoleLength - kPoleWidth / 2),
                    kPoleWidth, kWood);
    canvas.FillCircle(axle, kPoleWidth / 2, kAxle);
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
