#include "trainer/metrics/progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace dqnd {
namespace {

constexpr double kWindowSeconds = 30;
constexpr double kSampleSpacingSeconds = 1;
constexpr double kLongestShownSeconds = 3600.0 * 24 * 365 * 10;

}  // namespace

Progress::Progress(int64_t total_env_steps) : total_env_steps_(total_env_steps), samples_(1) {}

void Progress::GoOnFrom(int64_t env_steps, double elapsed_seconds) {
  samples_ = {{elapsed_seconds, env_steps}};
}

void Progress::Update(int64_t env_steps, double elapsed_seconds) {
  const size_t count = samples_.size();
  const bool newest_is_close =
      count >= 2 && samples_[count - 1].elapsed_seconds - samples_[count - 2].elapsed_seconds <
                        kSampleSpacingSeconds;
  if (newest_is_close) samples_.pop_back();
  samples_.push_back({elapsed_seconds, env_steps});
  // The second oldest, not the oldest: the window is full before anything leaves it, and rows that
  // come minutes apart still leave two.
  while (samples_.size() > 2 && elapsed_seconds - samples_[1].elapsed_seconds >= kWindowSeconds) {
    samples_.pop_front();
  }
}

double Progress::fraction() const {
  if (total_env_steps_ <= 0) return 1;
  return std::clamp(static_cast<double>(env_steps()) / static_cast<double>(total_env_steps_), 0.0,
                    1.0);
}

std::optional<double> Progress::env_steps_per_second() const {
  const double seconds = samples_.back().elapsed_seconds - samples_.front().elapsed_seconds;
  if (seconds <= 0) return std::nullopt;
  return static_cast<double>(samples_.back().env_steps - samples_.front().env_steps) / seconds;
}

std::string Progress::TimeLeft() const {
  const int64_t env_steps_left = std::max<int64_t>(0, total_env_steps_ - env_steps());
  if (env_steps_left == 0) return FormatDuration(0);
  const double speed = env_steps_per_second().value_or(0);
  const double seconds = speed > 0 ? static_cast<double>(env_steps_left) / speed : INFINITY;
  return seconds < kLongestShownSeconds ? FormatDuration(seconds) : "-:--:--";
}

std::string FormatDuration(double seconds) {
  const int64_t whole = std::llround(seconds);
  return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

}  // namespace dqnd
