#include "env_bridge/classic/mountain_car.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "env_bridge/classic/classic_environment.h"
#include "env_bridge/drawing/canvas.h"

namespace dqnd {
namespace {

constexpr double kMinPosition = -1.2;
constexpr double kMaxPosition = 0.6;
constexpr double kGoalPosition = 0.5;
constexpr double kMaxSpeed = 0.07;
constexpr double kForce = 0.001;
constexpr double kGravity = 0.0025;

// Of the picture, in pixels.
constexpr int kWidth = 600, kHeight = 400;
constexpr double kScale = kWidth / (kMaxPosition - kMinPosition);
constexpr double kCarWidth = 40, kCarHeight = 20;
constexpr double kWheelRadius = kCarHeight / 2.5;
constexpr double kSurface = 2;  // the line that the ground ends with
constexpr double kFlagpoleHeight = 50;

// A point of the picture as the car sees it at `position`: so many pixels ahead, that is to the
// right and along the ground, and so many above the ground. The hill is 0.45 sin(3 position) +
// 0.55.
Point FromGround(double position, double ahead, double above) {
  const double slope = std::atan(0.45 * 3 * std::cos(3 * position));
  const double sine = std::sin(slope), cosine = std::cos(slope);
  const double x = kScale * (position - kMinPosition);
  const double y = kHeight - kScale * (0.45 * std::sin(3 * position) + 0.55);
  return {x + ahead * cosine - above * sine, y - ahead * sine - above * cosine};
}

// Everything that lies at least `depth` pixels below the surface.
void DrawGround(Canvas& canvas, double depth, uint8_t colour) {
  constexpr int kSegments = 128;
  constexpr double kBeyond = 0.05;  // where the picture ends
  constexpr double kFrom = kMinPosition - kBeyond, kTo = kMaxPosition + kBeyond;
  std::array<Point, kSegments + 3> corners;
  for (int i = 0; i <= kSegments; ++i) {
    corners[i] = FromGround(kFrom + (kTo - kFrom) * i / kSegments, 0, -depth);
  }
  corners[kSegments + 1] = {corners[kSegments].x, kHeight};
  corners[kSegments + 2] = {corners[0].x, kHeight};
  canvas.FillPolygon(corners, colour);
}

void DrawFlag(Canvas& canvas, uint8_t pole_colour, uint8_t flag_colour) {
  Point foot = FromGround(kGoalPosition, 0, 0);
  foot.x = std::round(foot.x);  // whole pixels look best
  const Point top = {foot.x, foot.y - kFlagpoleHeight};
  canvas.FillPolygon(std::to_array<Point>({top, {top.x + 25, top.y + 5}, {top.x, top.y + 10}}),
                     flag_colour);
  canvas.DrawLine(foot, top, 2, pole_colour);
}

void DrawCar(Canvas& canvas, double position, uint8_t body_colour, uint8_t wheel_colour) {
  // The body stands on the axles.
  canvas.DrawLine(FromGround(position, -kCarWidth / 2, kWheelRadius + kCarHeight / 2),
                  FromGround(position, kCarWidth / 2, kWheelRadius + kCarHeight / 2), kCarHeight,
                  body_colour);
  for (const double ahead : {-kCarWidth / 4, kCarWidth / 4}) {
    canvas.FillCircle(FromGround(position, ahead, kWheelRadius), kWheelRadius, wheel_colour);
  }
}

EnvironmentSpec Spec() {
  return {.id = "classic:mountain_car",
          .observation = VectorObservation(2),
          .action_names = {"left", "none", "right"},
          .min_reward = -1,
          .max_reward = -1,
          .native_width = kWidth,
          .native_height = kHeight,
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

  void Draw(const State& state, Image& image) const override {
    enum : uint8_t { kBackground, kBlack, kGround, kWheel, kFlag };
    static const Paints paints(
        {{255, 255, 255}, {0, 0, 0}, {236, 239, 231}, {128, 128, 128}, {204, 204, 0}});
    static const Image scenery = [] {
      Image drawing;
      Canvas canvas(drawing, kWidth, kHeight, paints);
      DrawGround(canvas, 0, kBlack);
      DrawGround(canvas, kSurface, kGround);
      DrawFlag(canvas, kBlack, kFlag);
      return drawing;
    }();
    image = scenery;
    Canvas canvas(image, paints);
    DrawCar(canvas, state[0], kBlack, kWheel);
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
