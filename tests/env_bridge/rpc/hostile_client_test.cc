// What a daemon makes of clients that send what no viewer sends, or nothing at all.

#include <chrono>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>

#include "tests/base/plain_socket.h"
#include "tests/base/relay.h"
#include "tests/env_bridge/rpc/served_run.h"
#include "tests/env_bridge/rpc/training.h"

namespace dqnd {
namespace {

using grpc::StatusCode;

// A client that sends any bytes to any method, and leaves after the first answer.
class AnyClient {
 public:
  explicit AnyClient(const ServedCatch& served)
      : stub_(served.Connect()), token_(served.token(false)) {}

  StatusCode Call(const std::string& method, const std::string& body) {
    const auto context = ServedCatch::Call(token_);
    const auto call = stub_.PrepareCall(context.get(), method, &queue_);
    const grpc::Slice slice(body);
    const grpc::ByteBuffer request(&slice, 1);
    grpc::ByteBuffer response;
    grpc::Status status;
    call->StartCall(nullptr);
    if (Done()) {
      call->Write(request, nullptr);
      if (Done()) {
        call->WritesDone(nullptr);
        Done();
      }
    }
    call->Read(&response, nullptr);
    if (Done()) context->TryCancel();  // streams have no end
    call->Finish(&status, nullptr);
    Done();
    return status.error_code();
  }

 private:
  bool Done() {
    void* tag = nullptr;
    bool ok = false;
    return queue_.Next(&tag, &ok) && ok;
  }

  grpc::GenericStub stub_;
  grpc::CompletionQueue queue_;
  const std::string token_;
};

class Noise {
 public:
  size_t Below(size_t bound) {
    return std::uniform_int_distribution<size_t>(0, bound - 1)(engine_);
  }
  char Byte() { return static_cast<char>(Below(256)); }

  std::string Bytes(size_t size) {
    std::string bytes(size, '\0');
    for (char& byte : bytes) byte = Byte();
    return bytes;
  }

  // With some bytes changed, cut off, or said twice.
  std::string Damaged(std::string message) {
    for (size_t changes = 1 + Below(3); changes > 0 && !message.empty(); --changes) {
      const size_t at = Below(message.size());
      switch (Below(4)) {
        case 0:
          message[at] = Byte();
          break;
        case 1:
          message.resize(at);
          break;
        case 2:
          message.insert(at, message.substr(at));
          break;
        default:
          message.insert(at, Bytes(1 + Below(8)));
      }
    }
    return message;
  }

 private:
  std::mt19937 engine_{20150226};
};

std::vector<std::string> ProperRequests() {
  v1::WatchRequest watch;
  watch.set_moments_per_second(30);
  watch.set_network_input(true);
  watch.set_saliency(true);
  v1::PlayRequest start;
  start.mutable_start()->set_speed(4);
  start.mutable_start()->set_games(3);
  start.mutable_start()->set_epsilon(0.5);
  v1::PlayRequest press;
  press.mutable_press()->set_action(1);
  v1::StepRequest step;
  step.set_cycles(3);
  return {watch.SerializeAsString(), start.SerializeAsString(), press.SerializeAsString(),
          step.SerializeAsString()};
}

// A run that still trains, shows it, plays, and was asked for nothing.
void ExpectUnharmed(ServedCatch& served) {
  auto context = ServedCatch::Call(served.token(false));
  v1::WatchRequest request;
  request.set_moments_per_second(100);
  const auto stream = v1::StreamService::NewStub(served.Connect())->Watch(context.get(), request);
  v1::WatchResponse response;
  for (int moments = 0; moments < 10;) {
    ASSERT_TRUE(stream->Read(&response));
    moments += response.has_moment() ? 1 : 0;
  }
  // Those who have left are counted no more; who is leaving may be for a moment.
  while (!response.has_state() || response.state().watchers() > 1) {
    ASSERT_TRUE(stream->Read(&response));
  }
  context->TryCancel();
  context = ServedCatch::Call(served.token(false));
  const auto game = v1::ExhibitionService::NewStub(served.Connect())->Play(context.get());
  v1::PlayRequest start;
  start.mutable_start()->set_games(1);
  start.mutable_start()->set_every_frame(true);
  v1::PlayResponse played;
  EXPECT_TRUE(game->Write(start) && game->Read(&played));
  context->TryCancel();
  EXPECT_TRUE(served.run.asked().empty());
}

TEST(HostileClient, EightThousandMalformedCallsAreAnsweredAndChangeNothing) {
  ServedCatch served({.calls_per_second = 1'000'000});  // so that what they say is looked at

  const Training training(served.hub);
  const std::vector<std::string> methods = {
      "/dqnd.v1.RunService/GetRun",      "/dqnd.v1.RunService/Pause",
      "/dqnd.v1.RunService/Resume",      "/dqnd.v1.RunService/Step",
      "/dqnd.v1.RunService/Checkpoint",  "/dqnd.v1.RunService/Stop",
      "/dqnd.v1.RunService/ListMetrics", "/dqnd.v1.StreamService/Watch",
      "/dqnd.v1.ExhibitionService/Play", "/grpc.health.v1.Health/Check",
      "/dqnd.v1.RunService/NoSuchThing", "/../../etc/passwd"};
  const std::vector<std::string> proper = ProperRequests();
  Noise noise;
  AnyClient client(served);
  std::map<StatusCode, int> answers;
  for (int call = 0; call < 8000; ++call) {
    std::string body;
    if (call % 500 == 0) {
      body = noise.Bytes(100'000);  // more than a request may have
    } else if (call % 2 == 0) {
      body = noise.Bytes(noise.Below(200));
    } else {
      body = noise.Damaged(proper[noise.Below(proper.size())]);
    }
    ++answers[client.Call(methods[noise.Below(methods.size())], body)];
  }
  // CANCELLED is what was understood after all, and left by us. INTERNAL and UNKNOWN would be
  // exceptions, and UNAVAILABLE a lost connection.
  for (const auto& [code, count] : answers) {
    EXPECT_THAT(code, testing::AnyOf(StatusCode::OK, StatusCode::CANCELLED,
                                     StatusCode::INVALID_ARGUMENT, StatusCode::UNIMPLEMENTED,
                                     StatusCode::PERMISSION_DENIED, StatusCode::RESOURCE_EXHAUSTED))
        << count << " times";
  }
  EXPECT_GT(answers[StatusCode::INVALID_ARGUMENT], 100);
  EXPECT_GT(answers[StatusCode::UNIMPLEMENTED], 1000);  // no method, or no message of its
  EXPECT_GT(answers[StatusCode::PERMISSION_DENIED], 100);
  EXPECT_GT(answers[StatusCode::RESOURCE_EXHAUSTED], 0);  // larger than a request may be
  ExpectUnharmed(served);
}

TEST(HostileClient, TwoThousandConnectionsThatSpeakNoHttpAreDropped) {
  ServedCatch served;
  const Training training(served.hub);
  const std::string preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  const std::string settings("\0\0\0\4\0\0\0\0\0", 9);
  Noise noise;
  for (int connection = 0; connection < 2000; ++connection) {
    std::string sent;
    switch (noise.Below(4)) {
      case 0:
        sent = noise.Bytes(1 + noise.Below(2000));
        break;
      case 1:
        sent = "GET / HTTP/1.1\r\nHost: dqnd\r\n\r\n";
        break;
      case 2:  // a proper beginning, then frames of any kind and length
        sent = preface + settings + noise.Bytes(1 + noise.Below(2000));
        break;
      default:  // cut off
        sent = (preface + settings).substr(0, noise.Below(preface.size()));
    }
    const PlainSocket socket = PlainSocket::Connected(served.target());
    socket.Send(sent);
    if (connection % 20 == 0 && socket.IsReadable()) socket.Receive();
  }
  ExpectUnharmed(served);
}

// Waits for what must happen; a hang ends with ctest's time limit.
template <typename Condition>
void Await(const Condition& condition) {
  while (!condition()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

TEST(HostileClient, OneThatIsGoneWithoutAWordIsDropped) {
  ServedCatch served(
      {.silence = std::chrono::milliseconds(200), .answer_within = std::chrono::milliseconds(200)});
  const Training training(served.hub);
  Relay relay(served.target());
  const auto context = ServedCatch::Call(served.token(false));
  v1::WatchRequest request;
  request.set_moments_per_second(30);
  const auto stream = v1::StreamService::NewStub(
                          grpc::CreateChannel(relay.address(), grpc::InsecureChannelCredentials()))
                          ->Watch(context.get(), request);
  v1::WatchResponse response;
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_TRUE(served.hub.wanted());
  relay.Cut();
  Await([&] { return !served.hub.wanted() && relay.server_hung_up(); });
  context->TryCancel();
}

TEST(HostileClient, OneThatConnectsAsksNothingAndIsGoneIsDropped) {
  const ServedCatch served(
      {.silence = std::chrono::milliseconds(200), .answer_within = std::chrono::milliseconds(200)});
  Relay relay(served.target());
  const auto channel = grpc::CreateChannel(relay.address(), grpc::InsecureChannelCredentials());
  ASSERT_TRUE(
      channel->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(30)));
  relay.Cut();
  Await([&] { return relay.server_hung_up(); });
}

// Takes little that is not read, where other clients take as much as their memory holds.
std::shared_ptr<grpc::Channel> ConnectNarrowly(const ServedCatch& served) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  arguments.SetInt(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, 64);
  return grpc::CreateCustomChannel(served.target(), grpc::InsecureChannelCredentials(), arguments);
}

TEST(HostileClient, OneThatNeverReadsWhatItWatchesIsDropped) {
  ServedCatch served({.longest_write = std::chrono::milliseconds(200)});
  const Training training(served.hub);
  const auto context = ServedCatch::Call(served.token(false));
  v1::WatchRequest request;
  request.set_moments_per_second(240);
  request.set_network_input(true);
  const auto stream =
      v1::StreamService::NewStub(ConnectNarrowly(served))->Watch(context.get(), request);
  Await([&] { return served.hub.wanted(); });
  Await([&] { return !served.hub.wanted(); });
  // What was on its way can be read all the same; then comes the end.
  v1::WatchResponse response;
  while (stream->Read(&response)) {
  }
  EXPECT_EQ(stream->Finish().error_code(), StatusCode::CANCELLED);
}

TEST(HostileClient, OneThatNeverReadsTheGameThatItPlaysIsDropped) {
  ServedCatch served({.longest_write = std::chrono::milliseconds(200)});
  const auto context = ServedCatch::Call(served.token(false));
  const auto game = v1::ExhibitionService::NewStub(ConnectNarrowly(served))->Play(context.get());
  v1::PlayRequest start;
  start.mutable_start()->set_speed(32);
  start.mutable_start()->mutable_show()->set_network_input(true);
  ASSERT_TRUE(game->Write(start));
  v1::PlayRequest press;
  press.mutable_press()->set_action(1);
  while (game->Write(press)) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  v1::PlayResponse response;
  while (game->Read(&response)) {
  }
  EXPECT_EQ(game->Finish().error_code(), StatusCode::CANCELLED);
}

TEST(HostileClient, OfAHundredSubscribersAsManyWatchAsMayAndTheRestIsToldTheLimit) {
  ServedCatch served;
  const Training training(served.hub);
  v1::WatchRequest request;
  request.set_moments_per_second(30);
  struct Subscriber {
    std::unique_ptr<grpc::ClientContext> context;
    std::unique_ptr<grpc::ClientReader<v1::WatchResponse>> stream;
  };
  const auto subscribe = [&] {
    auto context = ServedCatch::Call(served.token(false));
    auto stream = v1::StreamService::NewStub(served.Connect())->Watch(context.get(), request);
    return Subscriber{.context = std::move(context), .stream = std::move(stream)};
  };
  std::vector<Subscriber> subscribers;
  int refused = 0;
  for (int i = 0; i < 100; ++i) {
    Subscriber one = subscribe();
    v1::WatchResponse response;
    if (one.stream->Read(&response)) {
      subscribers.push_back(std::move(one));
      continue;
    }
    const grpc::Status status = one.stream->Finish();
    EXPECT_EQ(status.error_code(), StatusCode::RESOURCE_EXHAUSTED);
    EXPECT_THAT(status.error_message(), testing::HasSubstr("server.max_watchers"));
    ++refused;
  }
  EXPECT_EQ(subscribers.size(), 64u);
  EXPECT_EQ(refused, 36);
  for (int round = 0; round < 10; ++round) {
    for (const Subscriber& each : subscribers) {
      v1::WatchResponse response;
      EXPECT_TRUE(each.stream->Read(&response));
    }
  }
  for (const Subscriber& each : subscribers) each.context->TryCancel();
  Await([&] { return !served.hub.wanted(); });
  Await([&] {  // a place is free again a moment after its stream has ended
    const Subscriber next = subscribe();
    v1::WatchResponse response;
    const bool watches = next.stream->Read(&response);
    next.context->TryCancel();
    return watches;
  });
}

}  // namespace
}  // namespace dqnd
