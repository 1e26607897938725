#include "env_bridge/classic/classic_environment.h"

#include <cassert>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "base/bytes.h"

namespace dqnd {

ObservationSpec VectorObservation(int size) {
  return {.type = ElementType::kFloat32, .height = 1, .width = 1, .channels = size};
}

ClassicEnvironment::ClassicEnvironment(EnvironmentSpec spec, const EnvironmentOptions& options)
    : spec_(std::move(spec)) {
  spec_.observation.stack = options.frame_stack.value_or(1);
  if (options.max_episode_env_steps) spec_.max_episode_env_steps = options.max_episode_env_steps;
}

void ClassicEnvironment::Reset(std::optional<uint64_t> seed) {
  if (seed) generator_ = NumpyGenerator(*seed);
  Begin(generator_, state_, observation_);
  episode_env_steps_ = 0;
}

StepResult ClassicEnvironment::Step(int action) {
  assert(action >= 0 && action < spec_.num_actions());
  const Outcome outcome = Advance(action, state_, observation_);
  ++episode_env_steps_;
  StepResult result;
  result.reward = outcome.reward;
  result.terminated = outcome.terminated;
  // As Gymnasium's TimeLimit: the limit's env_step is truncated even where it also terminates.
  result.truncated =
      spec_.max_episode_env_steps && episode_env_steps_ >= *spec_.max_episode_env_steps;
  result.game_over = result.done();
  return result;
}

void ClassicEnvironment::Observe(std::span<uint8_t> out) const {
  assert(out.size() == static_cast<size_t>(spec_.observation.bytes()));
  std::memcpy(out.data(), observation_.data(), out.size());
}

void ClassicEnvironment::Render(Image& image) const {
  Draw(state_, image);
}

std::string ClassicEnvironment::SaveState() const {
  ByteWriter writer;
  writer.String(spec_.id);
  generator_.SaveState(writer);
  writer.I64(episode_env_steps_);
  writer.Array(std::span<const double>(state_));
  writer.Array(std::span<const float>(observation_));
  return writer.Take();
}

void ClassicEnvironment::LoadState(std::string_view state) {
  ByteReader reader(state);
  if (const std::string_view id = reader.String(); id != spec_.id) {
    throw std::runtime_error("the saved state is of environment \"" + std::string(id) +
                             "\", not of " + spec_.id);
  }
  generator_.LoadState(reader);
  episode_env_steps_ = reader.I64();
  reader.Array(std::span<double>(state_));
  reader.Array(std::span<float>(observation_));
  if (reader.remaining() != 0) {
    throw std::runtime_error("the saved state of " + spec_.id + " has " +
                             std::to_string(reader.remaining()) + " bytes too many");
  }
}

}  // namespace dqnd
