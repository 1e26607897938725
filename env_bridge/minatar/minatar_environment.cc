#include "env_bridge/minatar/minatar_environment.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cmath>
#include <numbers>
#include <stdexcept>

#include <fmt/format.h>

namespace dqnd {
namespace {

constexpr double kDefaultRepeatActionProbability = 0.1;
constexpr int kNumActions = 6;
constexpr int kMaxChannels = 10;         // of any game
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

// A colour of the scheme "cubehelix" (Green, "A colour scheme for the display of astronomical
// intensity images", 2011) with its default parameters: from black at 0 to white at 1 in one and a
// half turns through the colours, brightness growing evenly.
std::array<uint8_t, 3> Cubehelix(double brightness) {
  constexpr double kStart = 0.5, kRotations = -1.5;
  const double angle = 2 * std::numbers::pi * (kStart / 3 + kRotations * brightness);
  const double amplitude = brightness * (1 - brightness) / 2;
  const auto component = [&](double cosine_weight, double sine_weight) {
    const double value =
        brightness + amplitude * (cosine_weight * std::cos(angle) + sine_weight * std::sin(angle));
    return static_cast<uint8_t>(std::lround(255 * std::clamp(value, 0.0, 1.0)));
  };
  return {component(-0.14861, 1.78277), component(-0.29227, -0.90649), component(1.97294, 0)};
}

// Black for an empty cell, then a colour for each channel, evenly spaced between black and white.
std::vector<uint8_t> Palette(int channels) {
  std::vector<uint8_t> palette = {0, 0, 0};
  for (int i = 1; i <= channels; ++i) {
    const std::array<uint8_t, 3> colour = Cubehelix(static_cast<double>(i) / (channels + 1));
    palette.insert(palette.end(), colour.begin(), colour.end());
  }
  return palette;
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
  assert(traits.channels <= kMaxChannels);
  palette_ = Palette(traits.channels);
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

void MinatarEnvironment::Render(Image& image) const {
  const int channels = spec_.observation.channels;
  std::array<uint8_t, size_t{kMinatarSize} * kMinatarSize * kMaxChannels> cells{};
  MinatarPlanes planes(cells, channels);
  Draw(planes);

  image.SetIndexed(kMinatarSize, kMinatarSize, palette_);
  for (size_t i = 0; i < image.pixels.size(); ++i) {
    int colour = channels;
    while (colour > 0 && cells[i * channels + colour - 1] == 0) --colour;
    image.pixels[i] = static_cast<uint8_t>(colour);
  }
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
