#include "env_bridge/classic/acrobot.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "env_bridge/classic/classic_environment.h"
#include "env_bridge/classic/numpy_math.h"
#include "env_bridge/drawing/canvas.h"

namespace dqnd {
namespace {

constexpr double kPi = std::numbers::pi;
constexpr double kGravity = 9.8;
constexpr double kMass1 = 1, kMass2 = 1;
constexpr double kLength1 = 1;
constexpr double kCentre1 = 0.5, kCentre2 = 0.5;  // of mass, along the link
constexpr double kInertia1 = 1, kInertia2 = 1;
constexpr double kMaxVelocity1 = 4 * kPi, kMaxVelocity2 = 9 * kPi;
constexpr double kSecondsPerStep = 0.2;

// Of the picture, in pixels; the pivot is in its middle.
constexpr int kSize = 400;  // as high as the pictures of the other two games
constexpr double kScale = kSize / (2 * (2 * kLength1 + 0.2));
constexpr double kLinkWidth = 0.2 * kScale;

using Vector4 = std::array<double, 4>;  // angle 1, angle 2, angular velocity 1, angular velocity 2

EnvironmentSpec Spec() {
  return {.id = "classic:acrobot",
          .observation = VectorObservation(6),
          .action_names = {"negative_torque", "no_torque", "positive_torque"},
          .min_reward = -1,
          .max_reward = 0,
          .native_width = kSize,
          .native_height = kSize,
          .frames_per_second = 15,
          .max_episode_env_steps = 500};
}

// d state / dt under a torque at the joint. The book's equations, written so that each operation
// rounds where Gymnasium's does.
Vector4 Derivative(const Vector4& state, double torque) {
  const auto [angle1, angle2, velocity1, velocity2] = state;
  constexpr double kCentre2Squared = kCentre2 * kCentre2;
  constexpr double kCoupling = kMass2 * kLength1 * kCentre2;
  const double cosine2 = std::cos(angle2), sine2 = std::sin(angle2);

  const double d1 =
      kMass1 * (kCentre1 * kCentre1) +
      kMass2 * (kLength1 * kLength1 + kCentre2Squared + 2 * kLength1 * kCentre2 * cosine2) +
      kInertia1 + kInertia2;
  const double d2 = kMass2 * (kCentre2Squared + kLength1 * kCentre2 * cosine2) + kInertia2;
  const double phi2 = kMass2 * kCentre2 * kGravity * std::cos(angle1 + angle2 - kPi / 2);
  const double phi1 =
      -kCoupling * NumpySquare(velocity2) * sine2 - 2 * kCoupling * velocity2 * velocity1 * sine2 +
      (kMass1 * kCentre1 + kMass2 * kLength1) * kGravity * std::cos(angle1 - kPi / 2) + phi2;
  const double acceleration2 =
      (torque + d2 / d1 * phi1 - kCoupling * NumpySquare(velocity1) * sine2 - phi2) /
      (kMass2 * kCentre2Squared + kInertia2 - NumpySquare(d2) / d1);
  const double acceleration1 = -(d2 * acceleration2 + phi1) / d1;
  return {velocity1, velocity2, acceleration1, acceleration2};
}

Vector4 Moved(const Vector4& from, double seconds, const Vector4& slope) {
  Vector4 to;
  for (int i = 0; i < 4; ++i) to[i] = from[i] + seconds * slope[i];
  return to;
}

// One step of the classical fourth-order Runge-Kutta method.
Vector4 Integrate(const Vector4& state, double torque) {
  constexpr double kHalf = kSecondsPerStep / 2;
  const Vector4 k1 = Derivative(state, torque);
  const Vector4 k2 = Derivative(Moved(state, kHalf, k1), torque);
  const Vector4 k3 = Derivative(Moved(state, kHalf, k2), torque);
  const Vector4 k4 = Derivative(Moved(state, kSecondsPerStep, k3), torque);
  Vector4 sum;
  for (int i = 0; i < 4; ++i) sum[i] = k1[i] + 2 * k2[i] + 2 * k3[i] + k4[i];
  return Moved(state, kSecondsPerStep / 6, sum);
}

double WrapAngle(double angle) {
  while (angle > kPi) angle -= 2 * kPi;
  while (angle < -kPi) angle += 2 * kPi;
  return angle;
}

class Acrobot final : public ClassicEnvironment {
 public:
  explicit Acrobot(const EnvironmentOptions& options) : ClassicEnvironment(Spec(), options) {}

 private:
  // Gymnasium rounds an episode's first state to float32, and computes its observation in float32.
  void Begin(NumpyGenerator& generator, State& state, Observation& observation) const override {
    generator.Uniform(-0.1, 0.1, state);
    std::array<float, 4> rounded;
    for (int i = 0; i < 4; ++i) state[i] = rounded[i] = static_cast<float>(state[i]);
    observation = {NumpyCosine(rounded[0]),
                   NumpySine(rounded[0]),
                   NumpyCosine(rounded[1]),
                   NumpySine(rounded[1]),
                   rounded[2],
                   rounded[3]};
  }

  Outcome Advance(int action, State& state, Observation& observation) const override {
    state = Integrate(state, action - 1);
    auto& [angle1, angle2, velocity1, velocity2] = state;
    angle1 = WrapAngle(angle1);
    angle2 = WrapAngle(angle2);
    velocity1 = std::clamp(velocity1, -kMaxVelocity1, kMaxVelocity1);
    velocity2 = std::clamp(velocity2, -kMaxVelocity2, kMaxVelocity2);

    const std::array<double, 6> precise = {std::cos(angle1), std::sin(angle1), std::cos(angle2),
                                           std::sin(angle2), velocity1,        velocity2};
    for (int i = 0; i < 6; ++i) observation[i] = static_cast<float>(precise[i]);
    const bool tip_is_up = -std::cos(angle1) - std::cos(angle2 + angle1) > 1;
    return {.reward = tip_is_up ? 0.0 : -1.0, .terminated = tip_is_up};
  }

  void Draw(const State& state, Image& image) const override {
    enum : uint8_t { kBackground, kBlack, kLink, kJoint };
    static const Paints paints({{255, 255, 255}, {0, 0, 0}, {0, 204, 204}, {204, 204, 0}});
    constexpr Point kPivot = {kSize / 2.0, kSize / 2.0};
    static const Image scenery = [kPivot] {
      Image drawing;
      const double goal_y = std::round(kPivot.y - kScale * kLength1);
      Canvas(drawing, kSize, kSize, paints).DrawLine({0, goal_y}, {kSize, goal_y}, 2, kBlack);
      return drawing;
    }();
    image = scenery;
    Canvas canvas(image, paints);

    // Both links have length 1; an angle of 0 hangs straight down.
    const auto end_of_link = [](Point joint, double angle) {
      return Point{joint.x + kScale * std::sin(angle), joint.y + kScale * std::cos(angle)};
    };
    const Point elbow = end_of_link(kPivot, state[0]);
    const Point tip = end_of_link(elbow, state[0] + state[1]);
    canvas.DrawLine(kPivot, elbow, kLinkWidth, kLink);
    canvas.FillCircle(kPivot, kLinkWidth / 2, kJoint);
    canvas.DrawLine(elbow, tip, kLinkWidth, kLink);
    canvas.FillCircle(elbow, kLinkWidth / 2, kJoint);
  }
};

}  // namespace

std::unique_ptr<Environment> MakeAcrobot(const EnvironmentOptions& options) {
  return std::make_unique<Acrobot>(options);
}

}  // namespace dqnd
