#include "trainer/config/habits.h"

#include <array>
#include <string_view>

namespace dqnd {
namespace {

struct Habit {
  std::string_view name;
  std::string_view answer;
};

constexpr std::array kHabits = {
    // Length and schedule of a run.
    Habit{"total_timesteps", "train.total_env_steps"},
    Habit{"n_timesteps", "train.total_env_steps"},
    Habit{"num_frames", "train.total_env_steps, which counts decisions and not emulator frames"},
    Habit{"learning_start", "train.learning_starts"},
    Habit{"min_replay_size", "train.learning_starts"},
    Habit{"train_frequency", "train.train_freq"},
    Habit{"update_freq", "train.train_freq"},
    Habit{"learn_period", "train.train_freq"},
    Habit{"target_network_frequency", "train.target_update_interval, in env_steps"},
    Habit{"target_update_freq", "train.target_update_interval, in env_steps"},
    Habit{"target_network_update_period", "train.target_update_interval, in env_steps"},
    Habit{"minibatch_size", "train.batch_size"},
    Habit{"discount", "train.gamma"},
    Habit{"double_dqn", "train.double_q"},
    Habit{"n_step", "train.n_steps"},
    Habit{"clip_reward", "train.clip_rewards"},
    Habit{"reward_clipping", "train.clip_rewards"},
    Habit{"grad_clip", "train.max_grad_norm"},
    Habit{"num_threads", "train.threads"},
    Habit{"overlap",
          "no such choice: acting and learning take turns, on all of train.threads; remove it"},
    // Exploration.
    Habit{"exploration_fraction",
          "exploration.decay_env_steps, in absolute env_steps (the fraction times the length)"},
    Habit{"exploration_initial_eps", "exploration.initial_eps"},
    Habit{"exploration_final_eps", "exploration.final_eps"},
    Habit{"exploration.eps", "exploration.initial_eps and exploration.final_eps"},
    Habit{"exploration.epsilon", "exploration.initial_eps and exploration.final_eps"},
    Habit{"start_e", "exploration.initial_eps"},
    Habit{"end_e", "exploration.final_eps"},
    Habit{"epsilon_start", "exploration.initial_eps"},
    Habit{"epsilon_end", "exploration.final_eps"},
    Habit{"epsilon_decay", "exploration.decay_env_steps, in absolute env_steps"},
    // Optimizer.
    Habit{"lr", "optimizer.learning_rate"},
    Habit{"anneal_lr", "optimizer.final_learning_rate and optimizer.decay_env_steps"},
    Habit{"lr_schedule", "optimizer.final_learning_rate and optimizer.decay_env_steps"},
    Habit{"adam_epsilon", "optimizer.epsilon"},
    Habit{"optimizer_class", "optimizer.name"},
    Habit{"momentum", "optimizer.alpha, the decay of the mean squared gradient, if you mean that"},
    // Environment and network.
    Habit{"env", "environment.id"},
    Habit{"env_id", "environment.id"},
    Habit{"env_name", "environment.id"},
    Habit{"game", "environment.id"},
    Habit{"num_envs", "environment.n_envs"},
    Habit{"n_stack", "environment.frame_stack"},
    Habit{"frameskip", "environment.frame_skip"},
    Habit{"sticky_actions", "environment.repeat_action_probability"},
    Habit{"sticky_action_prob", "environment.repeat_action_probability"},
    Habit{"terminal_on_life_loss", "environment.life_loss (ignore, terminal or reset)"},
    Habit{"max_episode_steps", "environment.max_episode_env_steps"},
    Habit{"policy", "network.architecture (nature_cnn, minatar_cnn or mlp)"},
    Habit{"policy_kwargs", "network.hidden_sizes for the width of the layers"},
    Habit{"net_arch", "network.hidden_sizes"},
    // Replay memory.
    Habit{"replay_capacity", "replay.buffer_size"},
    Habit{"replay_buffer_size", "replay.buffer_size"},
    Habit{"capacity", "replay.buffer_size"},
    Habit{"memory_size", "replay.buffer_size"},
    // Evaluation, files and reports.
    Habit{"eval_freq", "evaluation.every_env_steps"},
    Habit{"n_eval_episodes", "evaluation.episodes"},
    Habit{"eval_episodes", "evaluation.episodes"},
    Habit{"save_freq", "checkpoint.every_env_steps"},
    Habit{"exp_name", "run.name"},
    Habit{"tensorboard_log", "metrics.tensorboard (true or false)"},
    Habit{"log_interval", "metrics.every_env_steps"},
    Habit{"verbose", "metrics.console (true or false)"},
};

}  // namespace

std::optional<std::string> AnswerHabit(const std::string& name) {
  for (const Habit& habit : kHabits) {
    if (habit.name == name) return std::string(habit.answer);
  }
  return std::nullopt;
}

}  // namespace dqnd
