#include "env_bridge/minatar/minatar_environment.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <stdexcept>

#include <fmt/format.h>

namespace dqnd {
namespace {

constexpr double kDefaultRepeatActionProbability = 0.1;
constexpr int kNumActions = 6;
constexpr double kFramesPerSecond = 15;  // ours; MinAtar has no clock

void CheckOptions(const EnvironmentOptions& options) {
  const double repeat = options.repeat_action_probability.value_or(kDefaultRepeatActionProbability);
  if (!(repeat >= 0 && repeat <= 1)) {
    throw std::invalid_argument(fmt::format(
        "environment.repeat_action_probability is {}; a probability is from 0 to 1", repeat));
  }
  if (options.max_episode_env_steps && *options.max_episode_env_steps < 1) {
    throw std::invalid_argument(fmt::format(
        "environment.max_episode_env_steps is {}; give at least 1, or leave it out for no limit",
        *options.max_episode_env_steps));
  }
  if (options.frame_stack && *options.frame_stack < 1) {
    throw std::invalid_argument(fmt::format(
        "environment.frame_stack is {}; give at least 1, the number of observations that a network "
        "sees at once",
        *options.frame_stack));
  }
}

}  // namespace

void MinatarPlanes::Set(const MinatarGrid& grid, int channel) {
  for (int row = 0; row < kMinatarSize; ++row) {
    for (unsigned rest = grid.row(row); rest != 0; rest &= rest - 1) {
      Set(row, std::countr_zero(rest), channel);
    }
  }
}

MinatarEnvironment::MinatarEnvironment(const GameTraits& traits, const EnvironmentOptions& options)
    : repeat_action_probability_(
          options.repeat_action_probability.value_or(kDefaultRepeatActionProbability)),
      difficulty_ramping_(options.difficulty_ramping),
      random_(0) {
  CheckOptions(options);
  spec_.id = fmt::format("minatar:{}", traits.name);
  spec_.observation = {.type = ElementType::kUint8,
                       .height = kMinatarSize,
                       .width = kMinatarSize,
                       .channels = traits.channels,
                       .stack = options.frame_stack.value_or(1),
                       .scale = 1.0f};
  spec_.action_names = {"n", "l", "u", "r", "d", "f"};
  spec_.min_reward = 0;
  spec_.max_reward = traits.max_reward;
  spec_.native_width = kMinatarSize;
  spec_.native_height = kMinatarSize;
  spec_.frames_per_second = kFramesPerSecond;
  spec_.max_episode_env_steps = options.max_episode_env_steps;
}

void MinatarEnvironment::Reset(std::optional<uint64_t> seed) {
  if (seed) {
    random_.Seed(static_cast<uint32_t>(*seed));
    last_action_ = MinatarAction::kNothing;
  }
  episode_env_steps_ = 0;
  terminated_ = false;
  BeginGame();
}

StepResult MinatarEnvironment::Step(int action) {
  assert(action >= 0 && action < kNumActions);
  const bool repeat = random_.Rand() < repeat_action_probability_;
  if (!repeat) last_action_ = static_cast<MinatarAction>(action);
  if (terminated_) return {.terminated = true, .game_over = true};
  ++episode_env_steps_;

  const GameResult game = Play(last_action_);
  terminated_ = game.terminated;
  StepResult result;
  result.reward = game.reward;
  result.terminated = game.terminated;
  result.truncated = !game.terminated && spec_.max_episode_env_steps &&
                     episode_env_steps_ >= *spec_.max_episode_env_steps;
  result.game_over = result.done();
  return result;
}

void MinatarEnvironment::Observe(std::span<uint8_t> out) const {
  assert(out.size() == static_cast<size_t>(spec_.observation.bytes()));
  std::ranges::fill(out, uint8_t{0});
  MinatarPlanes planes(out, spec_.observation.channels);
  Draw(planes);
}

std::string MinatarEnvironment::SaveState() const {
  ByteWriter writer;
  writer.String(spec_.id);
  random_.SaveState(writer);
  writer.U8(static_cast<uint8_t>(last_action_));
  writer.I64(episode_env_steps_);
  writer.Bool(terminated_);
  SaveGame(writer);
  return writer.Take();
}

void MinatarEnvironment::LoadState(std::string_view state) {
  ByteReader reader(state);
  const std::string_view id = reader.String();
  if (id != spec_.id) {
    throw std::runtime_error(
        fmt::format("saved state is of another environment than {}", spec_.id));
  }
  random_.LoadState(reader);
  const uint8_t last_action = reader.U8();
  if (last_action >= kNumActions) {
    throw std::runtime_error(
        fmt::format("saved state of {} has last action {}; there are {} actions", spec_.id,
                    last_action, kNumActions));
  }
  last_action_ = static_cast<MinatarAction>(last_action);
  episode_env_steps_ = reader.I64();
  if (episode_env_steps_ < 0) {
    throw std::runtime_error(
        fmt::format("saved state of {} has played {} env_steps", spec_.id, episode_env_steps_));
  }
  terminated_ = reader.Bool();
  LoadGame(reader);
  if (reader.remaining() != 0) {
    throw std::runtime_error(
        fmt::format("saved state of {} has {} bytes too many", spec_.id, reader.remaining()));
  }
}

int MinatarEnvironment::ReadInt(ByteReader& reader, int64_t least, int64_t greatest,
                                std::string_view what) {
  const int64_t value = reader.I64();
  if (value < least || value > greatest) {
    throw std::runtime_error(
        fmt::format("saved game has {} {}; it is from {} to {}", what, value, least, greatest));
  }
  return static_cast<int>(value);
}

}  // namespace dqnd
