#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/random_stream.h"
#include "env_bridge/environment.h"
#include "env_bridge/environment_options.h"
#include "env_bridge/frame_stack.h"
#include "env_bridge/policy.h"
#include "env_bridge/watch/moment.h"

namespace dqnd {

struct ExhibitionOptions {
  EnvironmentOptions environment;  // as the run's; a lost life ends nothing here
  double eps = 0;                  // probability of a random action
  uint64_t seed = 0;
};

// A game that is played to be watched: an environment of its own, a policy, and a person who may
// take over. Equal options and parameters give equal games as long as no person plays; its streams
// are its own, so that no run notices. Knows no clock: its caller decides when the next env_step is
// played. Owned and called by one thread.
class ExhibitionGame {
 public:
  // Begins the first game. Throws what MakeEnvironment throws.
  ExhibitionGame(const ExhibitionOptions& options, std::unique_ptr<LivePolicy> policy);

  // As of Environment; any thread.
  void GiveUp() { environment_->GiveUp(); }

  // Begins a new game and forgets the moments to go back to.
  void Restart();

  // Plays one env_step; where the game is over, begins the next instead. moments() are then what
  // happened: the emulator's frames in order, of which the last has the step. (After a new game's
  // beginning, its first picture, without a step.)
  void Play();

  // Valid until the next call of anything but a getter.
  std::span<Moment> moments() { return std::span(moments_).first(num_moments_); }

  // From the next env_step on the person's action is played, NOOP or the first action until Press.
  void TakeOver();
  void GiveBack() { person_plays_ = false; }
  // REQUIRES: 0 <= action < spec().num_actions().
  void Press(int action) { pressed_ = action; }

  // Goes back about `seconds` of real time within this game, or as far as there is; the moments
  // after that are forgotten, and moments() is the picture there.
  void Rewind(double seconds);
  double rewindable_seconds() const;

  const EnvironmentSpec& spec() const { return environment_->spec(); }
  bool person_plays() const { return person_plays_; }
  bool over() const { return over_; }
  int64_t games_over() const { return games_over_; }
  std::optional<double> last_return() const { return last_return_; }
  // Env_steps of the run when the parameters that play were published.
  int64_t parameters_env_steps() const { return parameters_env_steps_; }

 private:
  // A moment to go back to.
  struct Save {
    int64_t episode_env_step;
    double episode_return;
    std::string state;
  };

  int Choose(ShownStep& step);
  void TakePicture();
  Moment& NextMoment();
  void SaveIfDue();
  Save MakeSave() const;

  const ExhibitionOptions options_;
  const std::unique_ptr<Environment> environment_;
  const std::unique_ptr<LivePolicy> policy_;
  const int first_action_;             // what a person plays who presses nothing
  const double env_steps_per_second_;  // in real time

  RandomStream random_;
  std::optional<uint64_t> environment_seed_;  // until the first game has begun
  FrameStack states_;
  std::vector<uint8_t> observation_;
  std::vector<Moment> moments_;  // reused
  size_t num_moments_ = 0;

  bool over_ = false;
  int64_t episode_env_step_ = 0;
  double episode_return_ = 0;
  int64_t games_over_ = 0;
  std::optional<double> last_return_;
  int64_t parameters_env_steps_ = 0;
  bool person_plays_ = false;
  int pressed_ = 0;
  std::deque<Save> saves_;
};

}  // namespace dqnd
