#include <gtest/gtest.h>

#include "tests/env_bridge/rpc/plain_decoder.h"
#include "tests/env_bridge/rpc/served_run.h"

namespace dqnd {
namespace {

using grpc::StatusCode;

class ExhibitionServiceTest : public testing::Test {
 protected:
  using Stream = grpc::ClientReaderWriter<v1::PlayRequest, v1::PlayResponse>;

  ~ExhibitionServiceTest() override {
    if (context_ != nullptr) context_->TryCancel();
  }

  // Begins a game as fast as the client reads, unless `start` says otherwise.
  void Play(v1::Start start = {}) {
    context_ = ServedCatch::Call(served_.token(false));
    stream_ = stub_->Play(context_.get());
    v1::PlayRequest request;
    *request.mutable_start() = std::move(start);
    stream_->Write(request);
  }

  static v1::Start EveryFrame(int64_t games = 0) {
    v1::Start start;
    start.set_every_frame(true);
    start.set_seed(5);
    start.set_games(games);
    return start;
  }

  v1::PlayResponse Next() {
    v1::PlayResponse response;
    if (!stream_->Read(&response)) ADD_FAILURE() << "the stream has ended";
    return response;
  }

  // The first response for which `wanted` holds.
  template <typename Wanted>
  v1::PlayResponse NextWhere(const Wanted& wanted) {
    while (true) {
      v1::PlayResponse response;
      if (!stream_->Read(&response)) {
        ADD_FAILURE() << "the stream has ended";
        return {};
      }
      if (wanted(response)) return response;
    }
  }

  template <typename Fill>
  void Send(const Fill& fill) {
    v1::PlayRequest request;
    fill(request);
    stream_->Write(request);
  }

  ServedCatch served_;
  std::unique_ptr<v1::ExhibitionService::Stub> stub_ =
      v1::ExhibitionService::NewStub(served_.Connect());
  std::unique_ptr<grpc::ClientContext> context_;
  std::unique_ptr<Stream> stream_;
};

TEST_F(ExhibitionServiceTest, PlaysSoManyGamesWithEveryFrameAndEnds) {
  Play(EveryFrame(3));
  v1::PlayResponse response;
  PlainDecoder decoder;
  int pictures = 0, steps = 0;
  while (stream_->Read(&response)) {
    if (!response.has_moment()) continue;
    decoder.Decode(response.moment().picture());
    ++pictures;
    steps += response.moment().has_step() ? 1 : 0;
    EXPECT_EQ(response.moment().not_shown().env_steps(), 0);
  }
  EXPECT_TRUE(stream_->Finish().ok());
  EXPECT_EQ(steps, 3 * 9);
  EXPECT_EQ(pictures, 3 * 10);
  EXPECT_EQ(response.state().games_over(), 3);
  EXPECT_EQ(response.state().last_return(), 1);
  EXPECT_EQ(response.state().parameters_env_steps(), 1234);
}

TEST_F(ExhibitionServiceTest, RunsAtRealTimeSpeed) {
  const auto begun = std::chrono::steady_clock::now();
  v1::Start start;
  start.set_speed(8);
  start.set_games(1);
  Play(start);
  v1::PlayResponse response;
  while (stream_->Read(&response)) {
  }
  // Ten pictures of five a second, eight times as fast; the first comes at once.
  EXPECT_GE(std::chrono::steady_clock::now() - begun, std::chrono::milliseconds(9 * 1000 / 5 / 8));
}

TEST(ExhibitionService, EachFrameOfADecisionHasTheTimeThatItIsShownAt) {
  const ServedCatch served({}, {.id = "ale:pong"});
  const auto context = ServedCatch::Call(served.token(false));
  const auto stream = v1::ExhibitionService::NewStub(served.Connect())->Play(context.get());
  v1::PlayRequest request;
  request.mutable_start()->set_every_frame(true);
  request.mutable_start()->set_speed(1);
  ASSERT_TRUE(stream->Write(request));
  constexpr int kFrames = 60;
  int frames = 0, apart = 0;
  v1::PlayResponse response;
  for (int64_t before = 0; frames < kFrames && stream->Read(&response);) {
    if (!response.has_moment()) continue;
    const int64_t now = response.moment().unix_nanoseconds();
    apart += now - before > 8'000'000 ? 1 : 0;  // a frame lasts 16.7 ms
    before = now;
    ++frames;
  }
  EXPECT_EQ(frames, kFrames);
  // A machine that is late for a moment shows what it owes at once.
  EXPECT_GT(apart, kFrames / 2);
  context->TryCancel();
}

TEST_F(ExhibitionServiceTest, APersonTakesOverPressesAndGivesBack) {
  v1::Start start;
  start.set_speed(32);
  Play(start);
  Send([](auto& request) { request.mutable_take_over(); });
  Send([](auto& request) { request.mutable_press()->set_action(2); });
  const auto pressed = NextWhere([](const v1::PlayResponse& response) {
    return response.moment().step().by_person() && response.moment().step().action() == 2;
  });
  EXPECT_TRUE(pressed.state().person_plays());
  Send([](auto& request) { request.mutable_give_back(); });
  NextWhere([](const v1::PlayResponse& response) {
    return response.moment().has_step() && !response.moment().step().by_person();
  });
}

TEST_F(ExhibitionServiceTest, StandsStillWhilePausedAndStepsDecisionByDecision) {
  v1::Start start;
  start.set_speed(32);
  Play(start);
  Send([](auto& request) { request.mutable_pause(); });
  NextWhere([](const v1::PlayResponse& response) { return response.state().paused(); });
  // Whatever was under way has come by the first step's answer.
  Send([](auto& request) { request.mutable_step(); });
  auto response = NextWhere([](const v1::PlayResponse& r) { return r.moment().has_step(); });
  for (int i = 0; i < 3; ++i) {
    const int64_t before = response.moment().step().episode_env_step();
    Send([](auto& request) { request.mutable_step(); });
    response = NextWhere([](const v1::PlayResponse& r) { return r.has_moment(); });
    if (!response.moment().has_step()) continue;  // a new game's first picture
    EXPECT_EQ(response.moment().step().episode_env_step(), before + 1);
  }
  Send([](auto& request) { request.mutable_resume(); });
  NextWhere([](const v1::PlayResponse& r) { return !r.state().paused(); });
}

TEST_F(ExhibitionServiceTest, GoesBackWithinTheGameAndBeginsAnew) {
  v1::Start start;
  start.set_speed(32);
  Play(start);
  NextWhere([](const v1::PlayResponse& r) { return r.state().rewindable_seconds() >= 1; });
  Send([](auto& request) { request.mutable_pause(); });
  NextWhere([](const v1::PlayResponse& r) { return r.state().paused(); });
  Send([](auto& request) { request.mutable_rewind()->set_seconds(1000); });
  NextWhere([](const v1::PlayResponse& r) {
    return r.has_moment() && r.state().rewindable_seconds() == 0;
  });
  Send([](auto& request) { request.mutable_step(); });
  const auto first = NextWhere([](const v1::PlayResponse& r) { return r.moment().has_step(); });
  EXPECT_EQ(first.moment().step().episode_env_step(), 1);
  Send([](auto& request) { request.mutable_restart(); });
  NextWhere([](const v1::PlayResponse& r) { return r.has_moment() && !r.moment().has_step(); });
}

TEST_F(ExhibitionServiceTest, EqualSeedsGiveEqualGames) {
  std::vector<std::string> games;
  for (int i = 0; i < 2; ++i) {
    Play(EveryFrame(2));
    std::string moments;
    v1::PlayResponse response;
    while (stream_->Read(&response)) {
      response.mutable_moment()->clear_unix_nanoseconds();
      moments += response.SerializeAsString();
    }
    games.push_back(moments);
  }
  EXPECT_EQ(games[0], games[1]);
}

TEST_F(ExhibitionServiceTest, MistakesEndTheGameWithTheRange) {
  const auto mistake = [&](const auto& fill) {
    v1::Start start;
    start.set_speed(32);
    Play(start);
    Send(fill);
    v1::PlayResponse response;
    while (stream_->Read(&response)) {
    }
    return stream_->Finish();
  };
  EXPECT_EQ(mistake([](auto& r) { r.mutable_press()->set_action(3); }).error_message(),
            "press.action is 3; this game has 3, from 0 to 2");
  EXPECT_EQ(mistake([](auto& r) { r.mutable_set_speed()->set_speed(33); }).error_message(),
            "speed is 33; choose a number from 0.125 to 32");
  EXPECT_EQ(mistake([](auto& r) { r.mutable_rewind()->set_seconds(-1); }).error_code(),
            StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(mistake([](auto& r) { r.mutable_start(); }).error_message(),
            "start may come only once");
  EXPECT_EQ(mistake([](auto&) {}).error_code(), StatusCode::INVALID_ARGUMENT);
}

TEST_F(ExhibitionServiceTest, TheFirstRequestMustBeStart) {
  context_ = ServedCatch::Call(served_.token(false));
  stream_ = stub_->Play(context_.get());
  Send([](auto& request) { request.mutable_pause(); });
  v1::PlayResponse response;
  EXPECT_FALSE(stream_->Read(&response));
  EXPECT_EQ(stream_->Finish().error_message(), "the first request must be start");
}

TEST_F(ExhibitionServiceTest, WhoOpensGameAfterGameIsRefused) {
  const std::string refusal = "this client calls more than 100 times a second; ask less often";
  grpc::Status status;
  for (int i = 0; i < 2000 && status.error_message() != refusal; ++i) {
    context_ = ServedCatch::Call(served_.token(false));
    stream_ = stub_->Play(context_.get());
    stream_->WritesDone();  // without a start, so that it ends at once
    status = stream_->Finish();
  }
  EXPECT_EQ(status.error_message(), refusal);
}

TEST_F(ExhibitionServiceTest, MoreRequestsThanAPersonCanMakeEndTheGame) {
  Play();
  v1::PlayRequest restart;
  restart.mutable_restart();
  for (int i = 0; i < 1000 && stream_->Write(restart); ++i) {
  }
  Send([](auto& request) { request.mutable_pause(); });
  v1::PlayResponse response;
  while (stream_->Read(&response) && !response.state().paused()) {
  }
  if (response.state().paused()) context_->TryCancel();  // all were taken
  const grpc::Status status = stream_->Finish();
  EXPECT_EQ(status.error_code(), StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(status.error_message(), "this game gets more than 100 requests a second; send fewer");
}

TEST_F(ExhibitionServiceTest, ABurstOfKeyPressesIsTaken) {
  Play();
  v1::PlayRequest press;
  press.mutable_press()->set_action(1);
  for (int i = 0; i < 90; ++i) ASSERT_TRUE(stream_->Write(press));
  Send([](auto& request) { request.mutable_pause(); });
  NextWhere([](const v1::PlayResponse& r) { return r.state().paused(); });
}

TEST_F(ExhibitionServiceTest, AClientThatSendsNoMoreStillWatches) {
  Play(EveryFrame(1));
  stream_->WritesDone();
  v1::PlayResponse response;
  while (stream_->Read(&response)) {
  }
  EXPECT_TRUE(stream_->Finish().ok());
  EXPECT_EQ(response.state().games_over(), 1);
}

TEST_F(ExhibitionServiceTest, OneGameTooManyIsRefused) {
  const ServedCatch one({.max_exhibitions = 1});
  const auto stub = v1::ExhibitionService::NewStub(one.Connect());
  const auto first = ServedCatch::Call(one.token(false)),
             second = ServedCatch::Call(one.token(false));
  const auto game = stub->Play(first.get());
  v1::PlayRequest request;
  request.mutable_start();
  game->Write(request);
  v1::PlayResponse response;
  ASSERT_TRUE(game->Read(&response));
  EXPECT_EQ(stub->Play(second.get())->Finish().error_code(), StatusCode::RESOURCE_EXHAUSTED);
  first->TryCancel();
}

TEST_F(ExhibitionServiceTest, TheDaemonsEndEndsAGameThatStandsStill) {
  Play();
  Next();
  Send([](auto& request) { request.mutable_pause(); });
  NextWhere([](const v1::PlayResponse& r) { return r.state().paused(); });
  served_.EndServer();
  v1::PlayResponse response;
  while (stream_->Read(&response)) {
  }
  EXPECT_EQ(stream_->Finish().error_code(), StatusCode::UNAVAILABLE);
}

}  // namespace
}  // namespace dqnd
