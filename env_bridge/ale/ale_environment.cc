#include "env_bridge/ale/ale_environment.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <xxhash.h>

#include "base/bytes.h"
#include "env_bridge/ale/rom.h"

namespace dqnd {
namespace {

constexpr std::string_view kStateFormat = "dqnd ale state 2";
constexpr std::string_view kStreamName = "ale";
constexpr int kNoop = 0;
constexpr int kFire = 1;
constexpr int kAllActions = 18;
constexpr double kFramesPerSecond = 60;  // of an NTSC television

// Below 21 pixels both scales can be whole numbers, where OpenCV rounds differently; above 160 the
// picture would be enlarged.
constexpr int kSmallestScreen = 21;
constexpr int kLargestScreen = 160;

template <typename T>
void CheckRange(std::string_view key, T value, T low, T high) {
  if (value >= low && value <= high) return;
  throw std::invalid_argument(
      fmt::format("environment.{} is {}; choose a value from {} to {}", key, value, low, high));
}

EnvironmentOptions Checked(const EnvironmentOptions& options) {
  constexpr int64_t kMaxInt = std::numeric_limits<int>::max();
  CheckRange<int64_t>("frame_skip", options.frame_skip, 1, 1000);
  CheckRange<int64_t>("noop_max", options.noop_max, 0, 100000);
  CheckRange<int64_t>("max_frames_per_episode", options.max_frames_per_episode, 1, kMaxInt);
  CheckRange<int64_t>("screen_size", options.screen_size, kSmallestScreen, kLargestScreen);
  CheckRange<int64_t>("frame_stack", options.frame_stack.value_or(4), 1, 1000);
  CheckRange<int64_t>("max_episode_env_steps", options.max_episode_env_steps.value_or(1), 1,
                      std::numeric_limits<int64_t>::max());
  CheckRange<double>("repeat_action_probability", options.repeat_action_probability.value_or(0), 0,
                     1);
  return options;
}

}  // namespace

AleEnvironment::AleEnvironment(std::string_view game, const EnvironmentOptions& options)
    : options_(Checked(options)),
      emulator_(CheckedRom(game, options.rom_directory),
                static_cast<int>(options.max_frames_per_episode)),
      preprocessing_(emulator_.screen_height(), emulator_.screen_width(), options.screen_size,
                     options.frame_skip),
      stream_(0, kStreamName) {
  if (options_.full_action_space) {
    actions_.resize(kAllActions);
    std::iota(actions_.begin(), actions_.end(), 0);
  } else {
    actions_ = emulator_.MinimalActions();
  }
  presses_fire_ = options_.fire_on_reset && actions_.size() >= 3 && actions_[1] == kFire;

  spec_.id = fmt::format("ale:{}", game);
  spec_.observation = {.type = ElementType::kUint8,
                       .height = options_.screen_size,
                       .width = options_.screen_size,
                       .channels = 1,
                       .stack = options_.frame_stack.value_or(4),
                       .scale = 1.0f / 255.0f};
  for (const int action : actions_) spec_.action_names.push_back(AleEmulator::ActionName(action));
  spec_.native_width = emulator_.screen_width();
  spec_.native_height = emulator_.screen_height();
  // A television's screen, 4 wide and 3 high.
  spec_.pixel_aspect = 3.0 / 4.0 * emulator_.screen_width() / emulator_.screen_height();
  spec_.frame_skip = options_.frame_skip;
  spec_.takes_long = true;
  spec_.frames_per_second = kFramesPerSecond;
  spec_.max_episode_env_steps = options_.max_episode_env_steps;
  executed_actions_.reserve(static_cast<size_t>(options_.frame_skip) * 4);
}

void AleEnvironment::Reset(std::optional<uint64_t> seed) {
  executed_actions_.clear();
  noop_counts_.clear();
  was_reset_ = true;
  if (seed) {
    seed_ = *seed;
    stream_ = RandomStream(seed_, kStreamName);
    game_ended_ = true;
  }
  // With a seed the console starts as new, so that the episodes before leave no trace.
  const bool reload = seed.has_value();
  BeginEpisode(reload);
  if (presses_fire_) PressFire(reload);
}

void AleEnvironment::BeginEpisode(bool reload) {
  if (!game_ended_) {
    const StepResult result = PlayEnvStep(kNoop);
    game_ended_ = result.done();
  }
  if (game_ended_) BeginGame(reload);
  lives_ = emulator_.lives();
}

void AleEnvironment::BeginGame(bool reload) {
  const auto start = [&] { reload ? emulator_.Reload() : emulator_.NewGame(); };
  start();
  const int noops =
      options_.noop_max > 0 ? 1 + static_cast<int>(stream_.Below(options_.noop_max)) : 0;
  noop_counts_.push_back(noops);
  for (int i = 0; i < noops; ++i) {
    emulator_.Act(kNoop);
    if (emulator_.game_over() || emulator_.truncated()) start();
  }
  last_action_ = kNoop;
  env_steps_ = 0;
  game_ended_ = false;
  lives_ = emulator_.lives();
  preprocessing_.KeepNewest(emulator_.GrayScreen());
  preprocessing_.PresentFirst();
}

void AleEnvironment::PressFire(bool reload) {
  for (const int action : {actions_[1], actions_[2]}) {
    const StepResult result = PlayEnvStep(action);
    game_ended_ = result.game_over;
    if (result.done()) BeginEpisode(reload);
  }
}

StepResult AleEnvironment::Step(int action) {
  assert(action >= 0 && action < spec_.num_actions());
  executed_actions_.clear();
  was_reset_ = false;
  StepResult result = PlayEnvStep(actions_[action], frame_observer_);
  if (++env_steps_ >=
      options_.max_episode_env_steps.value_or(std::numeric_limits<int64_t>::max())) {
    result.truncated = true;
    result.game_over = true;
  }
  game_ended_ = result.game_over;
  return result;
}

// Up to frame_skip emulator frames, and the observation that they lead to. Calls `observer`, if
// there is one, after each frame but the last.
StepResult AleEnvironment::PlayEnvStep(int action, const std::function<void()>& observer) {
  StepResult result;
  for (int frame = 0; frame < options_.frame_skip; ++frame) {
    result.reward += emulator_.Act(Stick(action));
    result.terminated = emulator_.game_over();
    result.truncated = emulator_.truncated();
    if (options_.life_loss == LifeLoss::kReset) {
      const int lives = emulator_.lives();
      result.terminated = result.terminated || lives < lives_;
      lives_ = lives;
    }
    if (result.done()) break;
    if (frame == options_.frame_skip - 1) {
      preprocessing_.KeepNewest(emulator_.GrayScreen());
    } else if (frame == options_.frame_skip - 2) {
      preprocessing_.KeepSecondNewest(emulator_.GrayScreen());
    }
    if (observer && frame < options_.frame_skip - 1) observer();
  }
  preprocessing_.Present();
  result.game_over = result.done();

  const int lives = emulator_.lives();
  if (options_.life_loss == LifeLoss::kTerminal && lives < lives_ && lives > 0) {
    // At 0 lives a game can run on for some frames; its own end is the end then.
    result.terminated = true;
  }
  lives_ = lives;
  return result;
}

// The action to execute in the next frame when the agent holds `action`.
int AleEnvironment::Stick(int action) {
  const double probability = options_.repeat_action_probability.value_or(0);
  if (probability == 0 || stream_.Uniform() >= probability) last_action_ = action;
  executed_actions_.push_back(last_action_);
  return last_action_;
}

void AleEnvironment::Observe(std::span<uint8_t> out) const {
  const std::span<const uint8_t> observation = preprocessing_.observation();
  assert(out.size() == observation.size());
  std::memcpy(out.data(), observation.data(), observation.size());
}

void AleEnvironment::Render(Image& image) const {
  emulator_.Render(image);
}

void AleEnvironment::SetFrameObserver(const std::function<void()>& observer) {
  frame_observer_ = observer;
}

std::string AleEnvironment::TraceDetails() const {
  const std::string noops =
      was_reset_ ? fmt::format("\"noops\": [{}], ", fmt::join(noop_counts_, ", ")) : "";
  return fmt::format("{{{}\"actions\": [{}], \"lives\": {}}}", noops,
                     fmt::join(executed_actions_, ", "), lives_);
}

// A checksum comes first, since ALE trusts the lengths in its part.
std::string AleEnvironment::SaveState() const {
  ByteWriter body;
  body.String(spec_.id);
  body.U64(seed_);
  stream_.SaveState(body);
  body.U32(static_cast<uint32_t>(last_action_));
  body.I64(lives_);
  body.Bool(game_ended_);
  body.I64(env_steps_);
  preprocessing_.SaveState(body);
  emulator_.SaveState(body);

  ByteWriter writer;
  writer.String(kStateFormat);
  writer.U64(XXH3_64bits(body.bytes().data(), body.bytes().size()));
  writer.String(body.bytes());
  return writer.Take();
}

void AleEnvironment::LoadState(std::string_view state) {
  ByteReader reader(state);
  if (reader.String() != kStateFormat) {
    throw std::runtime_error(fmt::format("this is no saved state of {}", spec_.id));
  }
  const uint64_t checksum = reader.U64();
  const std::string_view saved = reader.String();
  if (XXH3_64bits(saved.data(), saved.size()) != checksum || reader.remaining() != 0) {
    throw std::runtime_error(fmt::format("the saved state of {} is damaged", spec_.id));
  }
  ByteReader body(saved);
  const std::string_view id = body.String();
  if (id != spec_.id) {
    throw std::runtime_error(
        fmt::format("this is a saved state of {}, and the environment is {}", id, spec_.id));
  }
  seed_ = body.U64();
  stream_ = RandomStream(seed_, kStreamName);
  stream_.LoadState(body);
  last_action_ = static_cast<int>(body.U32());
  lives_ = static_cast<int>(body.I64());
  game_ended_ = body.Bool();
  env_steps_ = body.I64();
  preprocessing_.LoadState(body);
  emulator_.LoadState(body);
  executed_actions_.clear();
  noop_counts_.clear();
  was_reset_ = false;
}

}  // namespace dqnd
