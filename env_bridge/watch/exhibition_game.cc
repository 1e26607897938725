#include "env_bridge/watch/exhibition_game.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/bytes.h"
#include "env_bridge/make_environment.h"

namespace dqnd {
namespace {

constexpr double kSecondsBetweenSaves = 1;
constexpr size_t kMostSaves = 60;

// The action that does nothing, by the names that environments give it.
int IdleAction(const EnvironmentSpec& spec) {
  for (const char* name : {"NOOP", "n", "none", "stay", "no_torque"}) {
    const auto found = std::ranges::find(spec.action_names, name);
    if (found != spec.action_names.end()) {
      return static_cast<int>(found - spec.action_names.begin());
    }
  }
  return 0;
}

}  // namespace

ExhibitionGame::ExhibitionGame(const ExhibitionOptions& options, std::unique_ptr<LivePolicy> policy)
    : options_(options),
      environment_(MakeEnvironment(options.environment.OfWholeGames())),
      policy_(std::move(policy)),
      first_action_(IdleAction(spec())),
      env_steps_per_second_(spec().frames_per_second / spec().frame_skip),
      random_(options.seed, "exhibition"),
      environment_seed_(random_.NextSeed()),
      states_(1, spec().observation),
      observation_(spec().observation.bytes()) {
  // The frames between two decisions; the last of an env_step is taken after it.
  environment_->SetFrameObserver([this] { TakePicture(); });
  Restart();
}

void ExhibitionGame::Restart() {
  environment_->Reset(std::exchange(environment_seed_, std::nullopt));
  environment_->Observe(observation_);
  states_.Begin(0, observation_);
  parameters_env_steps_ = policy_->Refresh();
  over_ = false;
  episode_env_step_ = 0;
  episode_return_ = 0;
  saves_.clear();
  num_moments_ = 0;
  TakePicture();
  SaveIfDue();
}

void ExhibitionGame::Play() {
  if (over_) return Restart();
  num_moments_ = 0;
  parameters_env_steps_ = policy_->Refresh();
  ShownStep step;
  step.env_step = episode_env_step_;
  step.episode_env_step = episode_env_step_ + 1;
  step.epsilon = person_plays_ ? 0 : options_.eps;
  step.action = Choose(step);
  const auto state = states_.states();
  std::vector<uint8_t> chosen_in(state.begin(), state.end());

  step.result = environment_->Step(step.action);
  environment_->Observe(observation_);
  states_.Push(0, observation_);
  ++episode_env_step_;
  episode_return_ += step.result.reward;
  step.return_so_far = episode_return_;
  over_ = step.result.done();
  if (over_) {
    ++games_over_;
    last_return_ = episode_return_;
  }
  TakePicture();
  Moment& last = moments_[num_moments_ - 1];
  last.step = std::move(step);
  last.state = std::move(chosen_in);
  if (!over_) SaveIfDue();
}

int ExhibitionGame::Choose(ShownStep& step) {
  const std::span<const float> values = policy_->ActionValues(states_.states());
  step.q_values.assign(values.begin(), values.end());
  // Drawn for a person, too, so that the agent's later draws do not depend on who played before.
  step.exploratory = random_.Uniform() < options_.eps;
  const auto random_action = static_cast<int>(random_.Below(spec().num_actions()));
  if (person_plays_) {
    step.by_person = true;
    step.exploratory = false;
    return pressed_;
  }
  return step.exploratory ? random_action : GreedyAction(values);
}

void ExhibitionGame::TakePicture() {
  Moment& moment = NextMoment();
  environment_->Render(moment.picture);
  moment.unix_nanoseconds = UnixNanoseconds();
}

Moment& ExhibitionGame::NextMoment() {
  if (num_moments_ == moments_.size()) moments_.emplace_back();
  Moment& moment = moments_[num_moments_++];
  moment.step.reset();
  moment.state.clear();
  return moment;
}

void ExhibitionGame::TakeOver() {
  person_plays_ = true;
  pressed_ = first_action_;
}

void ExhibitionGame::SaveIfDue() {
  if (!spec().can_save) return;
  const double since =
      saves_.empty() ? kSecondsBetweenSaves
                     : static_cast<double>(episode_env_step_ - saves_.back().episode_env_step) /
                           env_steps_per_second_;
  if (since < kSecondsBetweenSaves) return;
  saves_.push_back(MakeSave());
  if (saves_.size() > kMostSaves) saves_.pop_front();
}

ExhibitionGame::Save ExhibitionGame::MakeSave() const {
  ByteWriter writer;
  writer.String(environment_->SaveState());
  states_.SaveState(writer);
  random_.SaveState(writer);
  return {.episode_env_step = episode_env_step_,
          .episode_return = episode_return_,
          .state = writer.Take()};
}

double ExhibitionGame::rewindable_seconds() const {
  if (saves_.empty()) return 0;
  return static_cast<double>(episode_env_step_ - saves_.front().episode_env_step) /
         env_steps_per_second_;
}

void ExhibitionGame::Rewind(double seconds) {
  if (saves_.empty()) return Restart();
  const double wanted = static_cast<double>(episode_env_step_) - seconds * env_steps_per_second_;
  while (saves_.size() > 1 && static_cast<double>(saves_.back().episode_env_step) > wanted) {
    saves_.pop_back();
  }
  const Save& save = saves_.back();
  ByteReader reader(save.state);
  environment_->LoadState(reader.String());
  states_.LoadState(reader);
  random_.LoadState(reader);
  episode_env_step_ = save.episode_env_step;
  episode_return_ = save.episode_return;
  if (std::exchange(over_, false)) --games_over_;
  num_moments_ = 0;
  TakePicture();
}

}  // namespace dqnd
