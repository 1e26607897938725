#include "viewer/ctl/game_clock.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace dqnd {
namespace {

constexpr double kFewestFrames = 1;
constexpr double kMostFrames = 240;
constexpr double kCustomaryFrames = 30;

}  // namespace

double FramesPerSecond(const v1::EnvironmentSpec& environment) {
  const double said = environment.frames_per_second();
  return said > 0 ? std::clamp(said, kFewestFrames, kMostFrames) : kCustomaryFrames;
}

GameClock::GameClock(const v1::EnvironmentSpec& environment)
    : frames_per_second_(FramesPerSecond(environment)),
      frame_skip_(std::max(1, environment.frame_skip())) {}

int64_t GameClock::TimeOf(const v1::Moment& moment) {
  const bool is_whole_decision = moment.has_step() && follows_decision_;
  follows_decision_ = moment.has_step();
  if (!std::exchange(is_first_, false)) frames_ += is_whole_decision ? frame_skip_ : 1;
  return std::llround(static_cast<double>(frames_) * 1e6 / frames_per_second_);
}

}  // namespace dqnd
