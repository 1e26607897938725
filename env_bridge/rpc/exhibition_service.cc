#include "env_bridge/rpc/exhibition_service.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "env_bridge/rpc/moment_encoder.h"
#include "env_bridge/rpc/rate_limit.h"
#include "env_bridge/rpc/refuse.h"
#include "env_bridge/watch/background_thread.h"
#include "env_bridge/watch/exhibition_game.h"

namespace dqnd {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kSlowest = 1.0 / 8;
constexpr double kFastest = 32;
constexpr std::chrono::milliseconds kBetweenMoments{8};  // 120 a second are more than screens show
constexpr std::chrono::milliseconds kLatest{100};        // behind real time; then it is given up
constexpr int kNice = 5;
constexpr double kRequestsPerSecond = 100;  // more than a person's keys make

uint64_t AnySeed() {
  std::random_device device;
  return uint64_t{device()} << 32 | device();
}

double CheckedSpeed(double speed) {
  if (speed >= kSlowest && speed <= kFastest) return speed;
  throw std::invalid_argument(
      fmt::format("speed is {}; choose a number from {} to {}", speed, kSlowest, kFastest));
}

}  // namespace

// One call. gRPC calls its On... methods from threads of its own, which only leave word; everything
// else happens in the player's thread, which ends the call as the last thing that it does.
class ExhibitionServiceImpl::Player final
    : public grpc::ServerBidiReactor<v1::PlayRequest, v1::PlayResponse> {
 public:
  Player(ExhibitionServiceImpl& service, grpc::CallbackServerContext& context)
      : service_(service), context_(context) {
    StartRead(&request_);
    thread_ = std::thread([this] { Run(); });
  }

  ~Player() override {
    // Its last act is Finish, within which gRPC may or may not call OnDone.
    if (thread_.get_id() == std::this_thread::get_id()) {
      thread_.detach();
    } else {
      thread_.join();
    }
  }

  void OnReadDone(bool ok) override {
    Note([&] { ok ? has_request_ = true : no_more_requests_ = true; });
  }
  void OnWriteDone(bool ok) override {
    Note([&] {
      writing_ = false;
      if (!ok) ended_ = true;
    });
  }
  void OnCancel() override { End(); }

  void OnDone() override {
    {
      const std::lock_guard lock(service_.mutex_);
      service_.players_.erase(this);
      --service_.parts_.watchers;
    }
    delete this;
  }

  // Any thread.
  void End() {
    Note([&] {
      ended_ = true;
      if (game_ != nullptr) game_->GiveUp();
    });
  }

 private:
  // The call is over: cancelled, or the daemon ends.
  struct Ended {};
  struct TooManyRequests {};

  template <typename Change>
  void Note(const Change& change) {
    {
      const std::lock_guard lock(mutex_);
      change();
    }
    changed_.notify_all();
  }

  void Run() {
    YieldToOtherThreads(kNice);
    grpc::Status status;
    try {
      Start();
      while (!AllGamesPlayed()) PlayOneEnvStep();
      WaitForWrite();
      Write();  // what waited for that
      WaitForWrite();
    } catch (const Ended&) {
      status = {grpc::StatusCode::UNAVAILABLE, "the daemon has ended"};
    } catch (const TooManyRequests&) {
      status = {grpc::StatusCode::RESOURCE_EXHAUSTED,
                fmt::format("this game gets more than {} requests a second; send fewer",
                            kRequestsPerSecond)};
    } catch (const std::invalid_argument& error) {
      status = {grpc::StatusCode::INVALID_ARGUMENT, error.what()};
    } catch (const std::exception& error) {
      status = {grpc::StatusCode::INTERNAL, error.what()};
    }
    SetGame(nullptr);
    Finish(status);
  }

  // The old one goes without the lock: a game of another process takes a while to end.
  void SetGame(std::unique_ptr<ExhibitionGame> game) {
    const std::lock_guard lock(mutex_);
    game_.swap(game);
  }

  void Start() {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return has_request_ || no_more_requests_ || ended_; });
      if (ended_) throw Ended();
      if (!has_request_ || !request_.has_start()) {
        throw std::invalid_argument("the first request must be start");
      }
      has_request_ = false;
    }
    const v1::Start& start = request_.start();
    every_frame_ = start.every_frame();
    games_ = start.games();
    unpaced_ = every_frame_ && start.speed() == 0;
    if (start.speed() != 0) speed_ = CheckedSpeed(start.speed());
    const double eps = start.has_epsilon() ? start.epsilon() : service_.parts_.eps;
    if (!(eps >= 0 && eps <= 1)) {
      throw std::invalid_argument(fmt::format("epsilon is {}; choose a number from 0 to 1", eps));
    }
    SetGame(std::make_unique<ExhibitionGame>(
        ExhibitionOptions{.environment = service_.parts_.environment,
                          .eps = eps,
                          .seed = start.has_seed() ? start.seed() : AnySeed()},
        service_.parts_.policies.Make()));
    encoder_ = std::make_unique<MomentEncoder>(game_->spec().observation);
    SetShow(start.show());
    StartRead(&request_);
    due_ = Clock::now();
    ShowMoments();
  }

  void SetShow(const v1::Show& show) {
    encoder_->ShowNetworkInput(show.network_input());
    if (!show.saliency()) {
      saliency_ = nullptr;
    } else if (saliency_ == nullptr) {
      saliency_ = std::make_unique<SaliencyWorker>(service_.parts_.policies,
                                                   game_->spec().observation, saliency_news_);
    }
  }

  bool AllGamesPlayed() const { return games_ > 0 && game_->games_over() >= games_; }

  void PlayOneEnvStep() {
    if (!paused_) WaitUntil(Clock::now());  // for commands: unpaced games wait for nothing else
    while (paused_ && steps_to_play_ == 0) {
      WaitUntil(Clock::time_point::max());
      if (game_changed_) ShowMoments();
    }
    if (steps_to_play_ > 0) --steps_to_play_;
    game_->Play();
    ShowMoments();
  }

  // The frames of one decision, each when it is due. A command that changes the game ends them.
  void ShowMoments() {
    game_changed_ = false;
    for (Moment& moment : game_->moments()) {
      while (!unpaced_ && !paused_ && Clock::now() < due_) {
        WaitUntil(due_);
        if (game_changed_) return ShowMoments();
      }
      // The frames of a decision were played at once; in real time the game is here now.
      moment.unix_nanoseconds = UnixNanoseconds();
      Offer(moment);
      const auto frame_time = std::chrono::duration_cast<Clock::duration>(
          std::chrono::duration<double>(1 / (game_->spec().frames_per_second * speed_)));
      due_ = std::max(due_ + frame_time, Clock::now() - kLatest);
    }
  }

  // Sends the moment now or soon, or, where a newer one comes before, never.
  void Offer(Moment& moment) {
    if (every_frame_) WaitForWrite();
    if (waiting_.has_value() && waiting_->step) not_shown_.Add(*waiting_->step);
    if (!waiting_) waiting_.emplace();
    std::swap(*waiting_, moment);
    if (every_frame_ || paused_ || Clock::now() >= next_write_) Write();
  }

  // Does nothing where a write is under way or nothing is new.
  void Write() {
    {
      const std::lock_guard lock(mutex_);
      if (writing_ || !(waiting_ || state_changed_)) return;
      writing_ = true;
      write_started_ = Clock::now();
    }
    response_.Clear();
    if (waiting_) {
      v1::Moment& message = *response_.mutable_moment();
      encoder_->Encode(*waiting_, std::exchange(not_shown_, {}), {}, message);
      if (saliency_ != nullptr && waiting_->step) {
        encoder_->AddSaliency(saliency_->newest().get(), message);
        saliency_->Offer(waiting_->step->env_step, waiting_->state, waiting_->step->action);
      }
      waiting_.reset();
    }
    FillState(*response_.mutable_state());
    state_changed_ = false;
    next_write_ = Clock::now() + kBetweenMoments;
    StartWrite(&response_);
  }

  void FillState(v1::ExhibitionState& state) const {
    state.set_speed(speed_);
    state.set_paused(paused_);
    state.set_person_plays(game_->person_plays());
    state.set_parameters_env_steps(game_->parameters_env_steps());
    state.set_rewindable_seconds(game_->rewindable_seconds());
    state.set_games_over(game_->games_over());
    if (const auto last = game_->last_return()) state.set_last_return(*last);
  }

  // Returns at `due`, or as soon as a command was carried out; writes meanwhile what waits for its
  // time or for the message before. Throws Ended and TooManyRequests.
  void WaitUntil(Clock::time_point due) {
    while (true) {
      std::optional<v1::PlayRequest> command;
      {
        std::unique_lock lock(mutex_);
        const bool was_writing = writing_;
        const Clock::time_point write_ends = write_started_ + service_.parts_.longest_write;
        Clock::time_point until = due;
        if (writing_) {
          until = std::min(until, write_ends);
        } else if (waiting_ || state_changed_) {
          until = std::min(until, next_write_);
        }
        changed_.wait_until(lock, until,
                            [&] { return ended_ || has_request_ || (was_writing && !writing_); });
        if (ended_) throw Ended();
        if (writing_ && Clock::now() >= write_ends) context_.TryCancel();
        if (std::exchange(has_request_, false)) command = request_;
      }
      if (command) {
        if (!requests_.Pass()) throw TooManyRequests();
        StartRead(&request_);
        Obey(*command);
      }
      if (Clock::now() >= next_write_) Write();
      if (command || Clock::now() >= due) return;
    }
  }

  void WaitForWrite() {
    std::unique_lock lock(mutex_);
    const bool written = changed_.wait_until(lock, Clock::now() + service_.parts_.longest_write,
                                             [this] { return ended_ || !writing_; });
    if (ended_) throw Ended();
    if (!written) {
      context_.TryCancel();
      throw Ended();
    }
  }

  void Obey(const v1::PlayRequest& command) {
    state_changed_ = true;
    switch (command.command_case()) {
      case v1::PlayRequest::kSetSpeed:
        speed_ = CheckedSpeed(command.set_speed().speed());
        break;
      case v1::PlayRequest::kPause:
        paused_ = true;
        break;
      case v1::PlayRequest::kResume:
        paused_ = false;
        due_ = Clock::now();
        break;
      case v1::PlayRequest::kStep:
        steps_to_play_ += paused_ ? 1 : 0;
        break;
      case v1::PlayRequest::kTakeOver:
        game_->TakeOver();
        break;
      case v1::PlayRequest::kGiveBack:
        game_->GiveBack();
        break;
      case v1::PlayRequest::kPress:
        game_->Press(CheckedAction(command.press().action()));
        break;
      case v1::PlayRequest::kRestart:
        game_->Restart();
        game_changed_ = true;
        break;
      case v1::PlayRequest::kRewind:
        if (!(command.rewind().seconds() >= 0)) {
          throw std::invalid_argument("rewind.seconds must be 0 or more");
        }
        game_->Rewind(command.rewind().seconds());
        game_changed_ = true;
        break;
      case v1::PlayRequest::kShow:
        SetShow(command.show());
        break;
      case v1::PlayRequest::kStart:
        throw std::invalid_argument("start may come only once");
      case v1::PlayRequest::COMMAND_NOT_SET:
        throw std::invalid_argument("a request has no command that this daemon knows");
    }
  }

  int CheckedAction(int action) const {
    const int num_actions = game_->spec().num_actions();
    if (action >= 0 && action < num_actions) return action;
    throw std::invalid_argument(fmt::format("press.action is {}; this game has {}, from 0 to {}",
                                            action, num_actions, num_actions - 1));
  }

  ExhibitionServiceImpl& service_;
  grpc::CallbackServerContext& context_;

  // Owned by the player's thread.
  RateLimit requests_{kRequestsPerSecond};
  Wakeup saliency_news_;  // nobody waits for it: a map goes out with the next moment
  std::unique_ptr<MomentEncoder> encoder_;
  std::unique_ptr<SaliencyWorker> saliency_;
  bool every_frame_ = false;
  bool unpaced_ = false;
  int64_t games_ = 0;
  double speed_ = 1;
  bool paused_ = false;
  int64_t steps_to_play_ = 0;      // while paused
  bool game_changed_ = false;      // by a command, so that moments() are others
  bool state_changed_ = false;     // since it was sent
  std::optional<Moment> waiting_;  // to be written
  StepSummary not_shown_;
  Clock::time_point due_ = {};         // when the next frame is shown
  Clock::time_point next_write_ = {};  // not before
  v1::PlayResponse response_;          // gRPC's while writing_

  // Set under mutex_; the player's thread reads it without.
  std::unique_ptr<ExhibitionGame> game_;

  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  v1::PlayRequest request_;  // gRPC's until has_request_
  bool has_request_ = false;
  bool no_more_requests_ = false;
  bool writing_ = false;
  bool ended_ = false;
  Clock::time_point write_started_ = {};

  std::thread thread_;
};

ExhibitionServiceImpl::~ExhibitionServiceImpl() = default;

grpc::ServerBidiReactor<v1::PlayRequest, v1::PlayResponse>* ExhibitionServiceImpl::Play(
    grpc::CallbackServerContext* context) {
  using Reactor = grpc::ServerBidiReactor<v1::PlayRequest, v1::PlayResponse>;
  if (const grpc::Status status = parts_.admission.Check(*context, Permission::kLook);
      !status.ok()) {
    return Refuse<Reactor>(status);
  }
  const std::lock_guard lock(mutex_);
  if (closed_) {
    return Refuse<Reactor>({grpc::StatusCode::UNAVAILABLE, "the daemon is ending"});
  }
  if (parts_.watchers >= parts_.most_watchers ||
      static_cast<int>(players_.size()) >= parts_.most_exhibitions) {
    return Refuse<Reactor>(
        {grpc::StatusCode::RESOURCE_EXHAUSTED,
         fmt::format("{} exhibition games are played already, and the run's memory and "
                     "server.max_exhibitions allow {}; {} clients watch, server.max_watchers is {}",
                     players_.size(), parts_.most_exhibitions, parts_.watchers.load(),
                     parts_.most_watchers)});
  }
  ++parts_.watchers;
  return *players_.insert(new Player(*this, *context)).first;
}

void ExhibitionServiceImpl::Close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  for (Player* player : players_) player->End();
}

}  // namespace dqnd
