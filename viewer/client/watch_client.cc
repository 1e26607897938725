#include "viewer/client/watch_client.h"

#include <fmt/format.h>
#include <grpcpp/grpcpp.h>

#include "dqnd/v1/stream.grpc.pb.h"

namespace dqnd {
namespace {

constexpr size_t kMaxUntaken = 65536;

}  // namespace

WatchClient::WatchClient(Reconnector::Options connection, const WatchOptions& watch,
                         std::function<void()> wake, MomentSink sink)
    : wake_(std::move(wake)),
      sink_(std::move(sink)),
      watch_(watch),
      reconnector_(
          std::move(connection),
          [this](Connection& to, const v1::GetRunResponse& run, const std::stop_token& stop) {
            RunSession(to, run, stop);
          },
          [this](const ConnectionStatus& status) {
            Tell([&](WatchNews& news) { news.statuses.push_back(status); });
          }) {}

WatchClient::~WatchClient() = default;

void WatchClient::Watch(const WatchOptions& watch) {
  const std::lock_guard lock(mutex_);
  if (watch == watch_) return;
  watch_ = watch;
  other_wanted_.request_stop();
}

WatchNews WatchClient::TakeNews() {
  const std::lock_guard lock(mutex_);
  taken_.notify_all();
  return std::exchange(news_, {});
}

template <typename Change>
void WatchClient::Tell(Change change) {
  {
    const std::lock_guard lock(mutex_);
    change(news_);
  }
  wake_();
}

void WatchClient::RunSession(Connection& connection, const v1::GetRunResponse& run,
                             const std::stop_token& stop) {
  Tell([&](WatchNews& news) { news.run = run; });
  bool has_history = false;
  while (!stop.stop_requested()) {
    WatchOptions watch;
    std::stop_token other_wanted;
    {
      const std::lock_guard lock(mutex_);
      watch = watch_;
      other_wanted_ = std::stop_source();
      other_wanted = other_wanted_.get_token();
    }
    RunStream(connection, watch, stop, other_wanted, has_history);
  }
}

void WatchClient::RunStream(Connection& connection, const WatchOptions& watch,
                            const std::stop_token& stop, const std::stop_token& other_wanted,
                            bool& has_history) {
  grpc::ClientContext context;
  connection.AddToken(context);
  const auto cancel = [&context] { context.TryCancel(); };
  const std::stop_callback on_stop(stop, cancel);
  const std::stop_callback on_other(other_wanted, cancel);

  v1::WatchRequest request;
  request.set_environment_index(watch.environment_index);
  request.set_moments_per_second(watch.moments_per_second);
  request.set_network_input(watch.network_input);
  request.set_saliency(watch.saliency);
  const auto stub = v1::StreamService::NewStub(connection.channel());
  const auto reader = stub->Watch(&context, request);

  MomentDecoder decoder;
  v1::WatchResponse response;
  try {
    while (reader->Read(&response)) {
      // Only now, when every later row comes through the stream, can none be missed in between.
      if (!std::exchange(has_history, true)) {
        const v1::ListMetricsResponse history = connection.ListMetrics(stop);
        Tell([&](WatchNews& news) { news.history = history; });
      }
      Publish(response, decoder, stop);
    }
  } catch (...) {
    context.TryCancel();
    reader->Finish();
    throw;
  }
  const grpc::Status status = reader->Finish();
  if (stop.stop_requested() || other_wanted.stop_requested()) return;
  throw connection.ErrorOf(status);
}

void WatchClient::Publish(const v1::WatchResponse& response, MomentDecoder& decoder,
                          const std::stop_token& stop) {
  std::optional<DecodedMoment> moment;
  try {
    if (response.has_moment()) {
      moment = decoder.Decode(response.moment());
      if (sink_) sink_(response.moment(), decoder.pictures());
    }
  } catch (const DamagedPicture& error) {
    throw ConnectionError(ConnectionError::Kind::kLost,
                          fmt::format("the daemon sent {}", error.what()));
  }
  {
    std::unique_lock lock(mutex_);
    taken_.wait(lock, stop, [this] {
      return news_.events.size() < kMaxUntaken && news_.metrics.size() < kMaxUntaken;
    });
  }
  Tell([&](WatchNews& news) {
    if (moment.has_value()) {
      Add(response.moment().not_shown(), news.not_shown);
      Supersede(news.moment, std::move(*moment), news.not_shown);
    }
    if (response.has_state()) news.state = response.state();
    news.metrics.insert(news.metrics.end(), response.metrics().begin(), response.metrics().end());
    news.events.insert(news.events.end(), response.events().begin(), response.events().end());
  });
}

}  // namespace dqnd
