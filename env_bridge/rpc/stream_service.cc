#include "env_bridge/rpc/stream_service.h"

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "env_bridge/rpc/messages.h"
#include "env_bridge/rpc/moment_encoder.h"
#include "env_bridge/rpc/refuse.h"

namespace dqnd {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kMostMomentsPerSecond = 240;
constexpr std::chrono::seconds kBetweenStates{1};

}  // namespace

// One client's stream. gRPC calls its On... methods from threads of its own; Serve is called by the
// service's thread.
class StreamServiceImpl::Stream final : public grpc::ServerWriteReactor<v1::WatchResponse> {
 public:
  Stream(StreamServiceImpl& service, grpc::CallbackServerContext& context,
         const v1::WatchRequest& request, std::unique_ptr<WatchHub::Subscription> subscription)
      : service_(service),
        context_(context),
        wants_saliency_(request.saliency()),
        subscription_(std::move(subscription)),
        feed_(service.parts_.feed),
        encoder_(service.parts_.control.description().environment.observation) {
    encoder_.ShowNetworkInput(request.network_input());
  }

  bool wants_moments() const { return subscription_ != nullptr; }
  bool wants_saliency() const { return wants_moments() && wants_saliency_; }

  void OnWriteDone(bool ok) override {
    {
      const std::lock_guard lock(mutex_);
      writing_ = false;
      if (!ok) ended_ = true;
    }
    service_.parts_.news.Notify();
  }

  void OnCancel() override {
    {
      const std::lock_guard lock(mutex_);
      ended_ = true;
    }
    service_.parts_.news.Notify();
  }

  void OnDone() override { service_.Remove(this); }

  // Sends what is new, where the message before has left; `closing`: ends the stream.
  void Serve(Clock::time_point now, bool closing) {
    {
      const std::lock_guard lock(mutex_);
      if (finished_) return;
      if (writing_) {
        if (now - write_started_ > service_.parts_.longest_write) context_.TryCancel();
        return;
      }
      if (ended_ || closing) {
        finished_ = true;
      } else {
        Fill(now);
        if (response_.ByteSizeLong() == 0) return;
        writing_ = true;
        write_started_ = now;
      }
    }
    if (finished_) {
      Finish({grpc::StatusCode::UNAVAILABLE, "the daemon has ended"});
    } else {
      StartWrite(&response_);
    }
  }

 private:
  void Fill(Clock::time_point now) {
    response_.Clear();
    RunFeed::Reader::News news = feed_.Take();
    for (const LogLine& line : news.lines) ToMessage(line, *response_.add_events());
    for (const MetricsRow& row : news.rows) ToMessage(row, *response_.add_metrics());
    const RunState state = service_.parts_.control.state();
    if (now - state_sent_ >= kBetweenStates || state.phase != phase_sent_) {
      state_sent_ = now;
      phase_sent_ = state.phase;
      ToMessage(state, service_.parts_.watchers, *response_.mutable_state());
    }
    if (subscription_ != nullptr) FillMoment();
  }

  void FillMoment() {
    const WatchHub::Subscription::News news = subscription_->Take();
    if (news.moment == nullptr) return;
    v1::Moment& message = *response_.mutable_moment();
    encoder_.Encode(*news.moment, news.not_shown, service_.ValuesOf(news.moment), message);
    if (!wants_saliency_) return;
    encoder_.AddSaliency(service_.saliency_->newest().get(), message);
    const ShownStep& step = news.moment->step.value();
    service_.saliency_->Offer(step.env_step, news.moment->state, step.action);
  }

  // Constant after construction.
  StreamServiceImpl& service_;
  grpc::CallbackServerContext& context_;
  const bool wants_saliency_;
  const std::unique_ptr<WatchHub::Subscription> subscription_;  // null: no moments

  // Owned by the service's thread; gRPC reads response_ while writing_.
  RunFeed::Reader feed_;
  MomentEncoder encoder_;
  v1::WatchResponse response_;
  Clock::time_point state_sent_ = {};
  RunPhase phase_sent_ = RunPhase::kTraining;
  bool finished_ = false;

  std::mutex mutex_;  // guards what follows
  bool writing_ = false;
  bool ended_ = false;
  Clock::time_point write_started_ = {};
};

StreamServiceImpl::StreamServiceImpl(const Parts& parts)
    : parts_(parts), thread_([this](const std::stop_token& stop) { Run(stop); }) {}

StreamServiceImpl::~StreamServiceImpl() = default;

grpc::ServerWriteReactor<v1::WatchResponse>* StreamServiceImpl::Watch(
    grpc::CallbackServerContext* context, const v1::WatchRequest* request) {
  using Reactor = grpc::ServerWriteReactor<v1::WatchResponse>;
  if (const grpc::Status status = parts_.admission.Check(*context, Permission::kLook);
      !status.ok()) {
    return Refuse<Reactor>(status);
  }
  const double rate = request->moments_per_second();
  if (rate != 0 && !(rate >= WatchHub::kFewestMomentsPerSecond && rate <= kMostMomentsPerSecond)) {
    return Refuse<Reactor>(
        {grpc::StatusCode::INVALID_ARGUMENT,
         fmt::format("moments_per_second is {}; choose a number from {} to {}, or 0 for none", rate,
                     WatchHub::kFewestMomentsPerSecond, kMostMomentsPerSecond)});
  }
  std::unique_ptr<WatchHub::Subscription> subscription;
  try {
    if (rate > 0) {
      subscription = parts_.hub.Subscribe(
          {.environment_index = request->environment_index(), .moments_per_second = rate});
    }
  } catch (const std::invalid_argument& error) {
    return Refuse<Reactor>({grpc::StatusCode::INVALID_ARGUMENT, error.what()});
  }
  const std::lock_guard lock(mutex_);
  if (closed_) {
    return Refuse<Reactor>({grpc::StatusCode::UNAVAILABLE, "the daemon is ending"});
  }
  if (parts_.watchers >= parts_.most_watchers) {
    return Refuse<Reactor>({grpc::StatusCode::RESOURCE_EXHAUSTED,
                            fmt::format("{} clients watch already, which is server.max_watchers",
                                        parts_.most_watchers)});
  }
  ++parts_.watchers;
  const auto& stream = streams_.emplace_back(
      std::make_shared<Stream>(*this, *context, *request, std::move(subscription)));
  parts_.news.Notify();
  return stream.get();
}

void StreamServiceImpl::Remove(Stream* stream) {
  std::shared_ptr<Stream> removed;  // ends outside of the lock
  const std::lock_guard lock(mutex_);
  const auto found = std::ranges::find_if(
      streams_, [stream](const auto& candidate) { return candidate.get() == stream; });
  removed = std::move(*found);
  streams_.erase(found);
  --parts_.watchers;
  parts_.news.Notify();
}

void StreamServiceImpl::Close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  parts_.news.Notify();
}

void StreamServiceImpl::Run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    std::vector<std::shared_ptr<Stream>> streams;
    bool closing = false;
    {
      const std::lock_guard lock(mutex_);
      streams.assign(streams_.begin(), streams_.end());
      closing = closed_;
    }
    Prepare(streams);
    for (const auto& stream : streams) stream->Serve(Clock::now(), closing);
    const auto longest = streams.empty() ? std::chrono::hours(1) : kBetweenStates;
    streams.clear();  // so that none outlives its client while this thread waits
    parts_.news.WaitUntil(Clock::now() + longest, stop);
  }
}

// Has a network at hand while somebody sees moments, and a saliency worker while somebody asks.
void StreamServiceImpl::Prepare(const std::vector<std::shared_ptr<Stream>>& streams) {
  const bool moments = std::ranges::any_of(streams, [](auto& s) { return s->wants_moments(); });
  const bool saliency = std::ranges::any_of(streams, [](auto& s) { return s->wants_saliency(); });
  if (!moments) policy_ = nullptr;
  if (moments && policy_ == nullptr) policy_ = parts_.policies.Make();
  if (!saliency) saliency_ = nullptr;
  if (saliency && saliency_ == nullptr) {
    saliency_ = std::make_unique<SaliencyWorker>(
        parts_.policies, parts_.control.description().environment.observation, parts_.news);
  }
}

// Streams of one rate share their moments, so that the newest values serve most of them.
std::span<const float> StreamServiceImpl::ValuesOf(const std::shared_ptr<const Moment>& moment) {
  if (!moment->step.value().q_values.empty()) return {};
  if (moment != thought_about_) {
    policy_->Refresh();
    const std::span<const float> values = policy_->ActionValues(moment->state);
    values_.assign(values.begin(), values.end());
    thought_about_ = moment;
  }
  return values_;
}

}  // namespace dqnd
