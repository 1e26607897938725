#include "trainer/training_loop.h"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <c10/util/Exception.h>

#include "trainer/evaluation.h"
#include "trainer/interval.h"
#include "trainer/machine.h"
#include "trainer/run_directory.h"

namespace dqnd {
namespace {

// How soon a checkpoint that failed is tried again.
constexpr std::chrono::seconds kTryAgain{60};

// How long training waits for a checkpoint before it goes on beside it. One that is written in this
// time costs a run that is killed no env_step beyond the checkpoint interval.
constexpr std::chrono::milliseconds kLongestPause{30};

constexpr int64_t kNone = -1;

// The speed that clients see is that of the last five seconds.
constexpr size_t kMarksOfSpeed = 20;

}  // namespace

TrainingLoop::TrainingLoop(const Config& config, Dqn& dqn, LoopState& state,
                           const Surroundings& surroundings, const Manifest& history)
    : config_(config),
      dqn_(dqn),
      state_(state),
      around_(surroundings),
      history_(history),
      memory_limit_bytes_(FindMemoryLimit().bytes),
      next_segment_(dqn.replay().sealed_segments().empty()
                        ? 0
                        : dqn.replay().sealed_segments().back()->first_transition() + 1),
      handed_over_(history.env_steps),
      written_(history.env_steps),
      written_unix_seconds_(static_cast<double>(history.saved_unix_seconds)),
      last_report_{dqn.env_steps(), history.elapsed_seconds} {}

TrainingLoop::~TrainingLoop() {
  AnswerCheckpointClients(std::numeric_limits<int64_t>::max(), "the run has ended");
}

TrainingLoop::Ending TrainingLoop::Run(const std::stop_token& stop) {
  started_ = last_checkpoint_at_ = Clock::now();
  const std::stop_callback note_when(
      stop, [this] { stop_requested_at_ = Clock::now().time_since_epoch().count(); });
  const std::stop_callback give_up(stop, [this] { dqn_.environments().GiveUp(); });
  EvaluateIfDue(stop);
  while (dqn_.env_steps() < config_.train.total_env_steps && games_failure_.empty()) {
    if (desk_ != nullptr) desk_->BeforeCycle(stop);
    if (stop.stop_requested()) break;
    const int64_t before = dqn_.env_steps();
    dqn_.Cycle();
    for (const std::string& remark : dqn_.environments().TakeRemarks()) around_.log.warn(remark);
    games_failure_ = dqn_.environments().failure();
    if (!games_failure_.empty()) break;
    HandOverSealedSegments(stop);
    around_.metrics.Advance(dqn_.env_steps(), elapsed_seconds());
    if (PassedMultiple(config_.metrics.every_env_steps, before, dqn_.env_steps())) Report();
    if (PassedMultiple(config_.evaluation.every_env_steps, before, dqn_.env_steps())) {
      state_.evaluation_due = true;
      EvaluateIfDue(stop);
    }
    if (CheckpointIsDue(before)) HandOverCheckpoint(stop);
    TellOutcome();
  }
  if (desk_ != nullptr) desk_->BeforeEnd();
  if (stop.stop_requested()) {
    return Finish(Clock::time_point(Clock::duration(stop_requested_at_)) +
                  std::chrono::seconds(config_.run.stop_grace_seconds));
  }
  const Ending ending = Finish(Clock::time_point::max());
  if (!games_failure_.empty()) throw std::runtime_error(games_failure_);
  return ending;
}

void TrainingLoop::Connect(RemoteControl& control, PublishedNetwork& network) {
  desk_ = std::make_unique<ClientDesk>(
      control, network,
      ClientDesk::Loop{.state = [this] { return State(); },
                       .checkpoint =
                           [this](bool wait, RunControl::Done done) {
                             CheckpointForClient(wait, std::move(done));
                           },
                       .publish_network =
                           [this, &network] {
                             network.Publish(dqn_.learner().parameters(), dqn_.env_steps());
                           }});
}

RunState TrainingLoop::State() {
  recent_.push_back({dqn_.env_steps(), elapsed_seconds()});
  if (recent_.size() > kMarksOfSpeed) recent_.pop_front();
  const double seconds = recent_.back().elapsed_seconds - recent_.front().elapsed_seconds;
  const auto env_steps = static_cast<double>(recent_.back().env_steps - recent_.front().env_steps);
  const Dqn::UpdateAverages averages = dqn_.update_averages();
  const ReplayMemory& replay = dqn_.replay();

  RunState state;
  state.env_steps = dqn_.env_steps();
  state.total_env_steps = config_.train.total_env_steps;
  state.updates = dqn_.updates();
  if (seconds > 0) state.env_steps_per_second = env_steps / seconds;
  if (state.env_steps_per_second > 0) {
    state.remaining_seconds =
        static_cast<double>(state.total_env_steps - state.env_steps) / state.env_steps_per_second;
  }
  state.elapsed_seconds = recent_.back().elapsed_seconds;
  state.epsilon = dqn_.epsilon();
  state.episodes = dqn_.episodes().episodes();
  if (state.episodes > 0) state.mean_return = dqn_.episodes().mean_return();
  state.update_averages = {averages.updates, averages.loss, averages.mean_q, averages.grad_norm};
  state.replay_transitions = replay.size();
  state.replay_buffer_size = config_.replay.buffer_size;
  state.replay_bytes = replay.bytes();
  state.replay_max_bytes = *replay.options().max_bytes;
  state.resident_bytes = ResidentBytes();
  state.memory_limit_bytes = memory_limit_bytes_;
  if (written_ > 0) state.checkpoint = {written_, written_unix_seconds_};
  state.checkpoint_failure = failure_;
  if (state_.best) state.best_evaluation = {state_.best->env_steps, state_.best->mean_return};
  return state;
}

void TrainingLoop::CheckpointForClient(bool wait, RunControl::Done done) {
  if (written_ == dqn_.env_steps() && handed_over_ == written_) return done("");
  checkpoint_clients_.push_back({dqn_.env_steps(), std::move(done)});
  if (handed_over_ != dqn_.env_steps()) HandOverCheckpoint({});
  if (!wait) return;
  around_.writer.Wait();
  TellOutcome();
}

// Those who wait for a checkpoint of so many env_steps or fewer.
void TrainingLoop::AnswerCheckpointClients(int64_t env_steps, const std::string& failure) {
  const auto rest = std::ranges::partition(
      checkpoint_clients_,
      [=](const CheckpointClient& client) { return client.env_steps > env_steps; });
  for (const CheckpointClient& client : rest) client.done(failure);
  checkpoint_clients_.erase(rest.begin(), rest.end());
}

void TrainingLoop::Report() {
  const double elapsed = elapsed_seconds();
  const Dqn::UpdateAverages averages = dqn_.TakeUpdateAverages();
  const auto unless_none = [&averages](double value) {
    return averages.updates > 0 ? value : std::numeric_limits<double>::quiet_NaN();
  };
  const auto env_steps_since = static_cast<double>(dqn_.env_steps() - last_report_.env_steps);
  const double fps = env_steps_since / (elapsed - last_report_.elapsed_seconds);
  last_report_ = {dqn_.env_steps(), elapsed};
  const Scalar scalars[] = {{"rollout/ep_rew_mean", dqn_.episodes().mean_return()},
                            {"rollout/ep_len_mean", dqn_.episodes().mean_length()},
                            {"rollout/exploration_rate", dqn_.epsilon()},
                            {"time/fps", fps},
                            {"time/episodes", static_cast<double>(dqn_.episodes().episodes())},
                            {"train/loss", unless_none(averages.loss)},
                            {"train/mean_q", unless_none(averages.mean_q)},
                            {"train/grad_norm", unless_none(averages.grad_norm)},
                            {"train/n_updates", static_cast<double>(dqn_.updates())},
                            {"train/learning_rate", dqn_.learning_rate()},
                            {"replay/size", static_cast<double>(dqn_.replay().size())}};
  around_.metrics.Report(dqn_.env_steps(), Now(), scalars);
  TellMetricsProblem();
  SaveBestIfWaiting();
}

// Nothing when it was stopped, or its games cannot be played; it is still due then.
std::optional<EvaluationResult> TrainingLoop::PlayEvaluation(MomentSink* sink,
                                                             const std::stop_token& stop) {
  try {
    return Evaluate(dqn_.policy(), config_.environment,
                    {.episodes = config_.evaluation.episodes,
                     .eps = config_.evaluation.eps,
                     .seed = static_cast<uint64_t>(config_.run.seed),
                     .stream = "evaluate/" + std::to_string(state_.evaluations + 1)},
                    stop,
                    {.before_env_step =
                         [this, &stop] {
                           if (desk_ != nullptr) desk_->BeforeEvaluationStep(stop);
                         },
                     .sink = sink,
                     .remark = [this](const std::string& remark) { around_.log.warn(remark); }});
  } catch (const c10::Error&) {  // of the network that plays
    throw;
  } catch (const std::exception& error) {
    games_failure_ = error.what();
    return std::nullopt;
  }
}

void TrainingLoop::EvaluateIfDue(const std::stop_token& stop) {
  if (!state_.evaluation_due) return;
  const std::unique_ptr<RecordingWriter> recording = BeginRecording();
  const std::optional<EvaluationResult> result = PlayEvaluation(recording.get(), stop);
  if (!result) return;
  state_.evaluation_due = false;
  ++state_.evaluations;
  around_.metrics.ReportEvaluation({.env_steps = dqn_.env_steps(),
                                    .mean_reward = result->mean_return(),
                                    .std_reward = result->return_deviation(),
                                    .mean_ep_length = result->mean_length(),
                                    .episodes = config_.evaluation.episodes},
                                   Now());
  const bool best = !state_.best || result->mean_return() > state_.best->mean_return;
  around_.log.info("evaluation {} at env_step {}: mean return {:.2f} +- {:.2f} over {} episodes{}",
                   state_.evaluations, dqn_.env_steps(), result->mean_return(),
                   result->return_deviation(), config_.evaluation.episodes,
                   best ? ", the best so far" : "");
  handed_over_ = kNone;  // an evaluation that was made up for changes the state of its env_step
  if (best) {
    state_.best = {dqn_.env_steps(), result->mean_return()};
    waiting_best_ =
        EncodeBest(dqn_.env_steps(), result->mean_return(), dqn_.learner().parameters());
    SaveBestIfWaiting();
    if (recording != nullptr) KeepRecording(*recording);
  }
}

std::unique_ptr<RecordingWriter> TrainingLoop::BeginRecording() {
  if (!config_.evaluation.record) return nullptr;
  return std::make_unique<RecordingWriter>(around_.files,
                                           around_.run / kBestFolder / kRecordingFile,
                                           config_.run.name, dqn_.environment(), dqn_.env_steps());
}

void TrainingLoop::KeepRecording(RecordingWriter& recording) {
  try {
    recording.Keep();
    around_.log.info("its episodes can be watched: {}/{}", kBestFolder, kRecordingFile);
  } catch (const std::system_error& error) {
    around_.log.warn("the best evaluation's episodes could not be recorded: {}", error.what());
  }
}

void TrainingLoop::SaveBestIfWaiting() {
  if (waiting_best_.empty()) return;
  try {
    SaveBest(around_.files, around_.run, waiting_best_);
    waiting_best_.clear();
  } catch (const std::system_error& error) {
    around_.log.warn(
        "the best parameters could not be saved: {}; they are kept in memory and tried "
        "again",
        error.what());
  }
}

bool TrainingLoop::CheckpointIsDue(int64_t env_steps_before) const {
  if (PassedMultiple(config_.checkpoint.every_env_steps, env_steps_before, dqn_.env_steps())) {
    return true;
  }
  const Clock::duration since = Clock::now() - last_checkpoint_at_;
  const auto& every_seconds = config_.checkpoint.every_seconds;
  return (every_seconds && since >= std::chrono::seconds(*every_seconds)) ||
         (!failure_.empty() && since >= kTryAgain);
}

// Segments are written as soon as they are full, so that a checkpoint finds most of the memory on
// disk. One that the memory drops before it is written takes memory beyond max_bytes.
void TrainingLoop::HandOverSealedSegments(const std::stop_token& stop) {
  const auto& sealed = dqn_.replay().sealed_segments();
  if (sealed.empty() || sealed.back()->first_transition() < next_segment_) return;
  for (const auto& segment : sealed) {
    if (segment->first_transition() >= next_segment_) around_.writer.Write(segment, stop);
  }
  next_segment_ = sealed.back()->first_transition() + 1;
  const auto& max_bytes = config_.replay.max_bytes;
  if (max_bytes && dqn_.replay().bytes() > *max_bytes) around_.writer.Wait(stop);
}

void TrainingLoop::HandOverCheckpoint(const std::stop_token& stop) {
  last_checkpoint_at_ = Clock::now();
  try {
    around_.metrics.Flush();
  } catch (const std::system_error& error) {
    return TellFailure(dqn_.env_steps(), error.what());
  }
  CheckpointContent content = TakeCheckpoint(dqn_, state_);
  Manifest& manifest = content.manifest;
  manifest.complete = complete();
  manifest.elapsed_seconds = elapsed_seconds();
  manifest.saved_unix_seconds = static_cast<int64_t>(Now().unix_seconds);
  manifest.program_version = history_.program_version;
  manifest.machine = history_.machine;
  manifest.changes = history_.changes;
  manifest.metrics = around_.metrics.lengths();
  content.files.emplace_back(kConfigFile, ToYaml(config_));
  content.growing_files = around_.metrics.open_files();
  if (!around_.writer.Write(std::move(content), stop)) return;  // Finish tries again, for a while
  handed_over_ = dqn_.env_steps();
  around_.writer.WaitUntil(Clock::now() + kLongestPause);
  pause_ms_ = std::chrono::duration<double, std::milli>(Clock::now() - last_checkpoint_at_).count();
}

void TrainingLoop::TellOutcome() {
  const std::optional<CheckpointWriter::Outcome> outcome = around_.writer.TakeOutcome();
  if (!outcome) return;
  if (!outcome->error.empty()) return TellFailure(outcome->env_steps, outcome->error);
  failure_.clear();
  written_ = outcome->env_steps;
  written_unix_seconds_ = Now().unix_seconds;
  AnswerCheckpointClients(written_, "");
  around_.log.info(
      "checkpoint {} is complete: {:.1f} MB written in {:.2f} s, training paused {:.0f} ms",
      outcome->env_steps, static_cast<double>(outcome->bytes) / 1e6, outcome->seconds, pause_ms_);
  if (!outcome->removal_error.empty()) {
    around_.log.warn("old checkpoints could not be removed: {}", outcome->removal_error);
  }
}

void TrainingLoop::TellFailure(int64_t env_steps, const std::string& failure) {
  failure_ = failure;
  if (handed_over_ == env_steps) handed_over_ = kNone;
  AnswerCheckpointClients(env_steps, "the checkpoint could not be written: " + failure);
  around_.log.warn(
      "checkpoint {} could not be written: {}; training goes on, and it is tried again "
      "within {} s",
      env_steps, failure, kTryAgain.count());
}

void TrainingLoop::TellMetricsProblem() {
  const std::string problem = around_.metrics.problem();
  if (problem == metrics_problem_) return;
  if (problem.empty()) {
    around_.log.info("metrics can be written again; no row is lost");
  } else {
    around_.log.warn("metrics cannot be written: {}; rows wait in memory", problem);
  }
  metrics_problem_ = problem;
}

TrainingLoop::Ending TrainingLoop::Finish(Clock::time_point deadline) {
  bool in_time = around_.writer.WaitUntil(deadline);
  TellOutcome();
  if (in_time && handed_over_ != dqn_.env_steps()) {
    HandOverCheckpoint({});
    in_time = around_.writer.WaitUntil(deadline);
    TellOutcome();
  }
  if (!in_time) {
    around_.log.warn(
        "the last checkpoint was not written within run.stop_grace_seconds {}; the run "
        "will go on from checkpoint {}",
        config_.run.stop_grace_seconds, written_);
    return Ending::kStoppedInHaste;
  }
  if (!failure_.empty()) {
    throw std::runtime_error("the last checkpoint could not be written: " + failure_ +
                             "; started again, the run goes on from checkpoint " +
                             std::to_string(written_));
  }
  return complete() ? Ending::kComplete : Ending::kStopped;
}

bool TrainingLoop::complete() const {
  return dqn_.env_steps() >= config_.train.total_env_steps && !state_.evaluation_due;
}

double TrainingLoop::elapsed_seconds() const {
  return history_.elapsed_seconds + std::chrono::duration<double>(Clock::now() - started_).count() -
         (desk_ == nullptr ? 0 : desk_->paused_seconds());
}

ReportTime TrainingLoop::Now() const {
  const auto unix_time = std::chrono::system_clock::now().time_since_epoch();
  return {.elapsed_seconds = elapsed_seconds(),
          .unix_seconds = std::chrono::duration<double>(unix_time).count()};
}

}  // namespace dqnd
