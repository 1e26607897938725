#include "viewer/client/play_client.h"

#include <fmt/format.h>
#include <grpcpp/grpcpp.h>

#include <thread>
#include <utility>

#include "dqnd/v1/exhibition.grpc.pb.h"

namespace dqnd {
namespace {

// More than a person types while a connection hangs; the oldest are then forgotten.
constexpr size_t kMaxCommands = 256;

}  // namespace

PlayClient::PlayClient(Reconnector::Options connection, v1::Start start, std::function<void()> wake,
                       MomentSink sink)
    : wake_(std::move(wake)),
      sink_(std::move(sink)),
      start_(std::move(start)),
      reconnector_(
          std::move(connection),
          [this](Connection& to, const v1::GetRunResponse& run, const std::stop_token& stop) {
            RunSession(to, run, stop);
          },
          [this](const ConnectionStatus& status) {
            Tell([&](PlayNews& news) { news.statuses.push_back(status); });
          }) {}

PlayClient::~PlayClient() = default;

void PlayClient::SetSpeed(double speed) {
  v1::PlayRequest command;
  command.mutable_set_speed()->set_speed(speed);
  {
    const std::lock_guard lock(mutex_);
    start_.set_speed(speed);
  }
  Send(std::move(command));
}

void PlayClient::Show(bool network_input, bool saliency) {
  v1::PlayRequest command;
  command.mutable_show()->set_network_input(network_input);
  command.mutable_show()->set_saliency(saliency);
  {
    const std::lock_guard lock(mutex_);
    *start_.mutable_show() = command.show();
  }
  Send(std::move(command));
}

void PlayClient::Pause() {
  v1::PlayRequest command;
  command.mutable_pause();
  Send(std::move(command));
}

void PlayClient::Resume() {
  v1::PlayRequest command;
  command.mutable_resume();
  Send(std::move(command));
}

void PlayClient::Step() {
  v1::PlayRequest command;
  command.mutable_step();
  Send(std::move(command));
}

void PlayClient::TakeOver() {
  v1::PlayRequest command;
  command.mutable_take_over();
  Send(std::move(command));
}

void PlayClient::GiveBack() {
  v1::PlayRequest command;
  command.mutable_give_back();
  Send(std::move(command));
}

void PlayClient::Press(int action) {
  v1::PlayRequest command;
  command.mutable_press()->set_action(action);
  Send(std::move(command));
}

void PlayClient::Restart() {
  v1::PlayRequest command;
  command.mutable_restart();
  Send(std::move(command));
}

void PlayClient::Rewind(double seconds) {
  v1::PlayRequest command;
  command.mutable_rewind()->set_seconds(seconds);
  Send(std::move(command));
}

PlayNews PlayClient::TakeNews() {
  const std::lock_guard lock(mutex_);
  return std::exchange(news_, {});
}

template <typename Change>
void PlayClient::Tell(Change change) {
  {
    const std::lock_guard lock(mutex_);
    change(news_);
  }
  wake_();
}

void PlayClient::Send(v1::PlayRequest command) {
  const std::lock_guard lock(mutex_);
  if (!in_session_) return;
  if (commands_.size() == kMaxCommands) commands_.pop_front();
  commands_.push_back(std::move(command));
  commanded_.notify_one();
}

std::optional<v1::PlayRequest> PlayClient::NextCommand(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  if (!commanded_.wait(lock, stop, [this] { return !commands_.empty(); })) return std::nullopt;
  v1::PlayRequest command = std::move(commands_.front());
  commands_.pop_front();
  return command;
}

void PlayClient::RunSession(Connection& connection, const v1::GetRunResponse& run,
                            const std::stop_token& stop) {
  Tell([&](PlayNews& news) { news.run = run; });
  grpc::ClientContext context;
  connection.AddToken(context);
  const std::stop_callback on_stop(stop, [&context] { context.TryCancel(); });
  const auto stub = v1::ExhibitionService::NewStub(connection.channel());
  const auto stream = stub->Play(&context);

  int64_t games = 0;  // to play; 0: for ever
  {
    const std::lock_guard lock(mutex_);
    games = start_.games();
    commands_.clear();
    *commands_.emplace_back().mutable_start() = start_;
    in_session_ = true;
  }
  std::jthread writer([this, &stream](const std::stop_token& writer_stop) {
    while (const std::optional<v1::PlayRequest> command = NextCommand(writer_stop)) {
      if (!stream->Write(*command)) return;  // the reader learns why
    }
  });

  MomentDecoder decoder;
  v1::PlayResponse response;
  std::optional<ConnectionError> damage;
  bool is_complete = false;
  while (!damage.has_value() && stream->Read(&response)) {
    try {
      Publish(response, decoder);
      is_complete = games > 0 && response.state().games_over() >= games;
    } catch (const DamagedPicture& error) {
      damage.emplace(ConnectionError::Kind::kLost, fmt::format("the daemon sent {}", error.what()));
    } catch (const std::exception& error) {
      damage.emplace(ConnectionError::Kind::kLost, error.what());
    }
  }
  // Frees the writer. A stream that ended by itself has freed it, and keeps its status.
  if (damage.has_value() || stop.stop_requested()) context.TryCancel();
  {
    const std::lock_guard lock(mutex_);
    in_session_ = false;
  }
  writer.request_stop();
  writer.join();
  const grpc::Status status = stream->Finish();
  // Whatever the status: a server that ends a stream on which its client might still write may have
  // to reset it, and the reset may overtake the status.
  if (stop.stop_requested() || is_complete) return;
  throw damage.has_value() ? *damage : connection.ErrorOf(status);
}

void PlayClient::Publish(const v1::PlayResponse& response, MomentDecoder& decoder) {
  std::optional<DecodedMoment> moment;
  if (response.has_moment()) {
    moment = decoder.Decode(response.moment());
    if (sink_) sink_(response.moment(), decoder.pictures());
  }
  Tell([&](PlayNews& news) {
    if (moment.has_value()) {
      Add(response.moment().not_shown(), news.not_shown);
      Supersede(news.moment, std::move(*moment), news.not_shown);
    }
    if (response.has_state()) news.state = response.state();
  });
}

}  // namespace dqnd
