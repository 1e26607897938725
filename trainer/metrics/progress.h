#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

namespace dqnd {

// How far a run is and how fast it goes, from the clock values that its owner passes in.
class Progress {
 public:
  explicit Progress(int64_t total_env_steps);

  // The run goes on from there: speed counts from then on.
  void GoOnFrom(int64_t env_steps, double elapsed_seconds);

  // `elapsed_seconds` never goes back.
  void Update(int64_t env_steps, double elapsed_seconds);

  int64_t env_steps() const { return samples_.back().env_steps; }
  int64_t total_env_steps() const { return total_env_steps_; }

  // Of the whole run, 0 to 1.
  double fraction() const;

  // env_steps per second over the last half minute or so (learning slows a run down once it starts,
  // and an estimate from the run's start would be far off for long); nothing before time passed.
  std::optional<double> env_steps_per_second() const;

  // "h:mm:ss" until the end at that speed, "-:--:--" when it is not known.
  std::string TimeLeft() const;

 private:
  struct Sample {
    double elapsed_seconds = 0;
    int64_t env_steps = 0;
  };

  const int64_t total_env_steps_;
  // At least one, oldest first. All but the newest are a second or more apart, so that there are
  // few.
  std::deque<Sample> samples_;
};

// "h:mm:ss", rounded to seconds.
std::string FormatDuration(double seconds);

}  // namespace dqnd
