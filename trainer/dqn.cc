#include "trainer/dqn.h"

#include <algorithm>
#include <string>
#include <utility>

#include "env_bridge/make_environment.h"
#include "env_bridge/remote/remote_environment.h"
#include "trainer/interval.h"
#include "trainer/machine.h"
#include "trainer/schedule.h"

namespace dqnd {
// Algorithm 1 of Mnih et al., "Human-level control through deep reinforcement learning", Nature
// 2015. What happens to a minibatch is Learner::Update.
void Dqn::Cycle() {
  Act();
  Show();
  Store();
  Learn();
}

void Dqn::Act() {
  // With probability epsilon select a random action a_t, otherwise a_t = argmax_a Q(phi_t, a;
  // theta).
  const double random_below = acting_epsilon();
  const int num_actions = environment().num_actions();
  for (size_t lane = 0; lane < actions_.size(); ++lane) {
    RandomStream& explore = explore_streams_[lane];
    exploratory_[lane] = explore.Uniform() < random_below;
    if (exploratory_[lane]) actions_[lane] = static_cast<int>(explore.Below(num_actions));
  }
  q_values_ = {};
  if (std::ranges::count(exploratory_, 0) > 0) {
    q_values_ = player().ActionValues(states_.states());
    for (size_t lane = 0; lane < actions_.size(); ++lane) {
      if (!exploratory_[lane]) {
        actions_[lane] = GreedyAction(q_values_.subspan(lane * num_actions, num_actions));
      }
    }
  }
  // Execute action a_t in the emulator and observe reward r_t and image x_{t+1}.
  environments_->Step(actions_);
}

// To those who watch, before anything else takes time.
void Dqn::Show() const {
  if (hub_ == nullptr || !hub_->wanted()) return;
  hub_->Publish({.environments = *environments_,
                 .actions = actions_,
                 .exploratory = exploratory_,
                 .q_values = q_values_,
                 .states = states_.states(),
                 .episodes = episodes_.running(),
                 .env_steps = env_steps_,
                 .epsilon = acting_epsilon()});
}

void Dqn::Store() {
  // Set phi_{t+1} from phi_t and x_{t+1}, and store transition (phi_t, a_t, r_t, phi_{t+1}) in D.
  const size_t bytes = environment().observation.bytes();
  for (int lane = 0; lane < environments_->size(); ++lane) {
    const StepResult& result = environments_->results()[lane];
    if (result.lost) {
      Begin(lane);
      episodes_.Abandon(lane);
      continue;
    }
    const auto outcome = environments_->outcomes().subspan(lane * bytes, bytes);
    replay_.Append(lane,
                   {.action = actions_[lane],
                    .reward = static_cast<float>(result.reward),
                    .terminated = result.terminated,
                    .truncated = result.truncated},
                   outcome);
    if (result.done()) {
      Begin(lane);
    } else {
      states_.Push(lane, outcome);
    }
    episodes_.Step(lane, result.reward, result.game_over);
  }
}

// Initialise phi_1 from x_1.
void Dqn::Begin(int lane) {
  const size_t bytes = environment().observation.bytes();
  const auto first = environments_->observations().subspan(lane * bytes, bytes);
  replay_.Begin(lane, first);
  states_.Begin(lane, first);
}

void Dqn::Learn() {
  const TrainSection& train = config_.train;
  const int64_t before = env_steps_;
  env_steps_ += environments_->size();
  if (env_steps_ < train.learning_starts || replay_.size() == 0) return;

  learner_->SetLearningRate(learning_rate());
  updates_owed_ += environments_->size() * train.gradient_steps;
  for (; updates_owed_ >= train.train_freq; updates_owed_ -= train.train_freq) {
    // Sample a random minibatch of transitions from D and perform a gradient descent step.
    replay_.Sample(static_cast<int>(train.batch_size), static_cast<int>(train.n_steps),
                   sample_stream_, batch_);
    const UpdateResult result = learner_->Update(batch_);
    sums_.updates += 1;
    sums_.loss += result.loss;
    sums_.mean_q += result.mean_q;
    sums_.grad_norm += result.grad_norm;
  }
  // Every C steps reset Q^ = Q.
  if (PassedMultiple(train.target_update_interval, before, env_steps_)) learner_->SyncTarget();
}

double Dqn::acting_epsilon() const {
  return env_steps_ < config_.train.learning_starts ? 1.0 : epsilon();
}

double Dqn::epsilon() const {
  const ExplorationSection& e = config_.exploration;
  return LinearSchedule{e.initial_eps, e.final_eps, e.decay_env_steps}.At(env_steps_);
}

double Dqn::learning_rate() const {
  const OptimizerSection& o = config_.optimizer;
  return LinearSchedule{o.learning_rate, o.final_learning_rate.value_or(o.learning_rate),
                        o.decay_env_steps}
      .At(env_steps_);
}

ReplayOptions ReplayOptionsOf(const Config& config, const ObservationSpec& observation) {
  ReplayOptions options;
  options.buffer_size = config.replay.buffer_size;
  options.max_bytes = config.replay.max_bytes;
  options.lanes = config.environment.n_envs;
  options.frame_bytes = observation.bytes();
  options.stack = observation.stack;
  options.codec = config.replay.codec == Codec::kLz4 ? FrameCodec::kLz4 : FrameCodec::kNone;
  if (!options.max_bytes) options.max_bytes = options.UsualBytes();
  return options;
}

namespace {

std::unique_ptr<VectorEnvironment> MakeEnvironments(const Config& config, ThreadTeam& team) {
  EnvironmentSection section = config.environment;
  section.workers = ResolveWorkers(section);
  auto environments = MakeVectorEnvironment(section, section.n_envs, &team);
  // Better now than at the first evaluation, if a worker elsewhere has no game left for it.
  if (IsElsewhere(section.id) && config.evaluation.every_env_steps > 0) MakeEnvironment(section);
  return environments;
}

}  // namespace

Dqn::Dqn(const Config& config)
    : config_(config),
      init_stream_(config.run.seed, "init"),
      sample_stream_(config.run.seed, "sample"),
      team_(static_cast<int>(config.train.threads.value_or(1))),
      environments_(MakeEnvironments(config, team_)),
      states_(config.environment.n_envs, environment().observation),
      replay_(ReplayOptionsOf(config, environment().observation)),
      learner_(MakeLearner(config, environment(), init_stream_, team_)),
      episodes_(config.environment.n_envs),
      actions_(config.environment.n_envs),
      exploratory_(config.environment.n_envs) {
  if (config.replay.on_device) {
    replay_.CopyFramesTo(learner_->KeepFrames(replay_.options().UsualFrames()));
  }
  std::vector<uint64_t> seeds;
  for (int lane = 0; lane < environments_->size(); ++lane) {
    const std::string number = std::to_string(lane);
    explore_streams_.emplace_back(config.run.seed, "explore/" + number);
    seeds.push_back(RandomStream(config.run.seed, "environment/" + number).NextSeed());
  }
  environments_->Reset(seeds);
  for (int lane = 0; lane < environments_->size(); ++lane) Begin(lane);
}

void Dqn::LearnFrom(std::unique_ptr<Teacher> teacher) {
  teacher_ = std::move(teacher);
  learner_->LearnFrom(*teacher_);
}

Dqn::UpdateAverages Dqn::TakeUpdateAverages() {
  const UpdateAverages averages = update_averages();
  sums_ = {};
  return averages;
}

Dqn::UpdateAverages Dqn::update_averages() const {
  UpdateAverages averages = sums_;
  const auto count = static_cast<double>(std::max<int64_t>(averages.updates, 1));
  averages.loss /= count;
  averages.mean_q /= count;
  averages.grad_norm /= count;
  return averages;
}

void Dqn::SaveState(StateSections& state) const {
  state.Add("counters", [this](ByteWriter& writer) {
    for (int64_t count : {env_steps_, updates(), updates_owed_}) writer.I64(count);
  });
  state.Add("update_averages", [this](ByteWriter& writer) {
    writer.I64(sums_.updates);
    for (double sum : {sums_.loss, sums_.mean_q, sums_.grad_norm}) writer.F64(sum);
  });
  state.Add("stream/sample", [this](ByteWriter& writer) { sample_stream_.SaveState(writer); });
  for (size_t lane = 0; lane < explore_streams_.size(); ++lane) {
    state.Add("stream/explore/" + std::to_string(lane),
              [&](ByteWriter& writer) { explore_streams_[lane].SaveState(writer); });
  }
  state.Add("environments",
            [this](ByteWriter& writer) { writer.String(environments_->SaveState()); });
  state.Add("frame_stacks", [this](ByteWriter& writer) { states_.SaveState(writer); });
  state.Add("episodes", [this](ByteWriter& writer) { episodes_.SaveState(writer); });
}

void Dqn::LoadState(const StateSections& state) {
  state.Get("counters", [this](ByteReader& reader) {
    env_steps_ = reader.I64();
    learner_->SetUpdates(reader.I64());
    updates_owed_ = reader.I64();
  });
  state.Get("update_averages", [this](ByteReader& reader) {
    sums_.updates = reader.I64();
    for (double* sum : {&sums_.loss, &sums_.mean_q, &sums_.grad_norm}) *sum = reader.F64();
  });
  state.Get("stream/sample", [this](ByteReader& reader) { sample_stream_.LoadState(reader); });
  for (size_t lane = 0; lane < explore_streams_.size(); ++lane) {
    state.Get("stream/explore/" + std::to_string(lane),
              [&](ByteReader& reader) { explore_streams_[lane].LoadState(reader); });
  }
  state.Get("environments",
            [this](ByteReader& reader) { environments_->LoadState(reader.String()); });
  state.Get("frame_stacks", [this](ByteReader& reader) { states_.LoadState(reader); });
  state.Get("episodes", [this](ByteReader& reader) { episodes_.LoadState(reader); });
}

}  // namespace dqnd
