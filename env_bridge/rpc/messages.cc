#include "env_bridge/rpc/messages.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "env_bridge/rpc/lz4_block.h"

namespace dqnd {
namespace {

v1::RunPhase ToMessage(RunPhase phase) {
  switch (phase) {
    case RunPhase::kTraining:
      return v1::RUN_PHASE_TRAINING;
    case RunPhase::kPaused:
      return v1::RUN_PHASE_PAUSED;
    case RunPhase::kEvaluating:
      return v1::RUN_PHASE_EVALUATING;
    case RunPhase::kStopping:
      return v1::RUN_PHASE_STOPPING;
    case RunPhase::kServing:
      return v1::RUN_PHASE_SERVING;
  }
  return v1::RUN_PHASE_UNSPECIFIED;
}

v1::EventLevel ToMessage(LogLevel level) {
  switch (level) {
    case LogLevel::kInfo:
      return v1::EVENT_LEVEL_INFO;
    case LogLevel::kWarning:
      return v1::EVENT_LEVEL_WARNING;
    case LogLevel::kError:
      return v1::EVENT_LEVEL_ERROR;
  }
  return v1::EVENT_LEVEL_UNSPECIFIED;
}

std::string HostName() {
  std::array<char, 256> name{};
  gethostname(name.data(), name.size() - 1);
  return name.data();
}

}  // namespace

void ToMessage(const EnvironmentSpec& spec, v1::EnvironmentSpec& message) {
  message.set_id(spec.id);
  ToMessage(spec.observation, *message.mutable_observation());
  message.mutable_action_names()->Assign(spec.action_names.begin(), spec.action_names.end());
  message.set_native_width_pixels(spec.native_width);
  message.set_native_height_pixels(spec.native_height);
  message.set_frame_skip(spec.frame_skip);
  message.set_frames_per_second(spec.frames_per_second);
  message.set_pixel_aspect(spec.pixel_aspect);
}

void ToMessage(const ObservationSpec& spec, v1::ObservationSpec& message) {
  message.set_element_type(spec.type == ElementType::kUint8 ? v1::ELEMENT_TYPE_UINT8
                                                            : v1::ELEMENT_TYPE_FLOAT32);
  message.set_height(spec.height);
  message.set_width(spec.width);
  message.set_channels(spec.channels);
  message.set_stack(spec.stack);
}

void ToMessage(const RunDescription& description, v1::RunDescription& message) {
  message.set_name(description.name);
  ToMessage(description.environment, *message.mutable_environment());
  message.set_n_envs(description.n_envs);
  message.set_architecture(description.architecture);
  message.set_parameters(description.parameters);
  message.set_config_yaml(description.config_yaml);
  message.set_host(HostName());
}

void ToMessage(const RunState& state, int watchers, v1::RunState& message) {
  message.set_phase(ToMessage(state.phase));
  message.set_env_steps(state.env_steps);
  message.set_total_env_steps(state.total_env_steps);
  message.set_updates(state.updates);
  message.set_env_steps_per_second(state.env_steps_per_second);
  if (state.remaining_seconds) message.set_remaining_seconds(*state.remaining_seconds);
  message.set_elapsed_seconds(state.elapsed_seconds);
  message.set_epsilon(state.epsilon);
  message.set_episodes(state.episodes);
  if (state.mean_return) message.set_mean_return(*state.mean_return);
  if (state.update_averages.updates > 0) {
    v1::UpdateAverages& averages = *message.mutable_update_averages();
    averages.set_updates(state.update_averages.updates);
    averages.set_loss(state.update_averages.loss);
    averages.set_mean_q(state.update_averages.mean_q);
    averages.set_gradient_norm(state.update_averages.grad_norm);
  }
  v1::ReplayState& replay = *message.mutable_replay();
  replay.set_transitions(state.replay_transitions);
  replay.set_buffer_size(state.replay_buffer_size);
  replay.set_bytes(state.replay_bytes);
  replay.set_max_bytes(state.replay_max_bytes);
  message.mutable_memory()->set_resident_bytes(state.resident_bytes);
  message.mutable_memory()->set_limit_bytes(state.memory_limit_bytes);
  if (state.checkpoint) {
    message.mutable_checkpoint()->set_env_steps(state.checkpoint->env_steps);
    message.mutable_checkpoint()->set_unix_seconds(state.checkpoint->unix_seconds);
  }
  message.set_checkpoint_failure(state.checkpoint_failure);
  if (state.best_evaluation) {
    message.mutable_best_evaluation()->set_env_steps(state.best_evaluation->env_steps);
    message.mutable_best_evaluation()->set_mean_return(state.best_evaluation->mean_return);
  }
  message.set_watchers(watchers);
}

void ToMessage(const ShownStep& step, v1::Step& message) {
  message.set_env_step(step.env_step);
  message.set_episode_env_step(step.episode_env_step);
  message.set_action(step.action);
  message.set_exploratory(step.exploratory);
  message.set_by_person(step.by_person);
  message.mutable_q_values()->Assign(step.q_values.begin(), step.q_values.end());
  message.set_reward(step.result.reward);
  message.set_return_so_far(step.return_so_far);
  message.set_epsilon(step.epsilon);
  message.set_terminated(step.result.terminated);
  message.set_truncated(step.result.truncated);
  message.set_game_over(step.result.game_over);
}

void ToMessage(const StepSummary& summary, v1::StepSummary& message) {
  message.set_env_steps(summary.env_steps);
  message.set_exploratory(summary.exploratory);
  message.set_reward_sum(summary.reward_sum);
  message.set_reward_min(summary.reward_min);
  message.set_reward_max(summary.reward_max);
  message.set_games_over(summary.games_over);
}

void ToMessage(const LogLine& line, v1::Event& message) {
  message.set_unix_seconds(line.unix_seconds);
  message.set_level(ToMessage(line.level));
  message.set_text(line.text);
}

void ToMessage(const MetricsRow& row, v1::MetricsRow& message) {
  message.set_env_steps(row.env_steps);
  for (const auto& [name, value] : row.values) {
    v1::MetricsValue& cell = *message.add_values();
    cell.set_name(name);
    cell.set_value(value);
  }
}

void ToMessage(const Saliency& saliency, v1::SaliencyMap& message) {
  message.set_height(saliency.height);
  message.set_width(saliency.width);
  const float largest = saliency.changes.empty() ? 0 : std::ranges::max(saliency.changes);
  message.set_largest_change(largest);
  std::string& strength = *message.mutable_strength();
  for (const float change : saliency.changes) {
    const float share = largest > 0 ? change / largest : 0;
    strength.push_back(static_cast<char>(static_cast<uint8_t>(std::lround(255 * share))));
  }
}

void ToMessage(const ObservationSpec& spec, std::span<const uint8_t> state,
               v1::NetworkInput& message) {
  ToMessage(spec, *message.mutable_observation());
  CompressLz4(state, *message.mutable_elements_lz4());
}

v1::Contract ThisContract(const std::string& program_version) {
  struct Feature {
    const char* name;
    int since_revision;
    const char* description;
  };
  constexpr Feature kFeatures[] = {
      {"training", 1, "moments of training as it happens"},
      {"exhibition", 1, "games of their own"},
      {"take_over", 1, "a person plays"},
      {"rewind", 1, "back to a moment a few seconds ago"},
      {"network_input", 1, "what the network sees"},
      {"saliency", 1, "a map of what matters to the network"},
      {"control", 1, "pause, step, checkpoint and stop a run"},
      {"metrics", 1, "curves from the run's beginning"},
  };
  v1::Contract contract;
  contract.set_revision(kContractRevision);
  contract.set_program_version(program_version);
  for (const Feature& feature : kFeatures) {
    v1::Feature& message = *contract.add_features();
    message.set_name(feature.name);
    message.set_since_revision(feature.since_revision);
    message.set_description(feature.description);
  }
  return contract;
}

}  // namespace dqnd
