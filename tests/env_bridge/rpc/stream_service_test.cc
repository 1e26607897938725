#include <limits>
#include <thread>

#include <gtest/gtest.h>

#include "tests/env_bridge/rpc/plain_decoder.h"
#include "tests/env_bridge/rpc/served_run.h"
#include "tests/env_bridge/rpc/training.h"

namespace dqnd {
namespace {

using grpc::StatusCode;

class StreamServiceTest : public testing::Test {
 protected:
  std::unique_ptr<grpc::ClientReader<v1::WatchResponse>> Watch(const v1::WatchRequest& request) {
    context_ = ServedCatch::Call(served_.token(false));
    return stub_->Watch(context_.get(), request);
  }

  ServedCatch served_;
  std::unique_ptr<v1::StreamService::Stub> stub_ = v1::StreamService::NewStub(served_.Connect());
  std::unique_ptr<grpc::ClientContext> context_;
};

TEST_F(StreamServiceTest, ShowsMomentsWithAPictureTheStepAndASummaryOfTheRest) {
  const Training training(served_.hub);
  v1::WatchRequest request;
  request.set_moments_per_second(100);
  request.set_network_input(true);
  const auto stream = Watch(request);
  PlainDecoder decoder;
  v1::WatchResponse response;
  int64_t shown = 0, summed = 0, first = -1, last = -1;
  while (shown < 50 && stream->Read(&response)) {
    if (!response.has_moment()) continue;
    const v1::Moment& moment = response.moment();
    EXPECT_EQ(decoder.Decode(moment.picture()).height, 10);
    EXPECT_EQ(moment.step().q_values_size(), 3);
    EXPECT_EQ(moment.network_input().observation().width(), 5);
    if (first < 0) first = moment.step().env_step();
    if (shown > 0) summed += moment.not_shown().env_steps();
    last = moment.step().env_step();
    ++shown;
  }
  EXPECT_EQ(shown, 50);
  EXPECT_EQ(last - first, summed + shown - 1);  // every env_step is in it, once
  context_->TryCancel();
}

TEST_F(StreamServiceTest, QValuesOfExploratoryEnvStepsComeFromThePublishedNetwork) {
  const Training training(served_.hub, /*exploratory=*/true);
  v1::WatchRequest request;
  request.set_moments_per_second(100);
  const auto stream = Watch(request);
  v1::WatchResponse response;
  while (stream->Read(&response) && !response.has_moment()) {
  }
  const v1::Step& step = response.moment().step();
  EXPECT_TRUE(step.exploratory());
  ASSERT_EQ(step.q_values_size(), 3);
  EXPECT_EQ(step.q_values(0) + step.q_values(1) + step.q_values(2), 1);  // CatchesTheBall's
  context_->TryCancel();
}

TEST_F(StreamServiceTest, ASaliencyMapComesWithinAFewMoments) {
  const Training training(served_.hub);
  v1::WatchRequest request;
  request.set_moments_per_second(100);
  request.set_saliency(true);
  const auto stream = Watch(request);
  v1::WatchResponse response;
  while (stream->Read(&response) && !response.moment().has_saliency()) {
  }
  EXPECT_EQ(response.moment().saliency().height(), 10);
  EXPECT_EQ(response.moment().saliency().strength().size(), 50u);
  context_->TryCancel();
}

TEST_F(StreamServiceTest, TellsTheLogTheRowsAndWhereTheRunStands) {
  served_.feed.Add(LogLine{.unix_seconds = 1, .level = LogLevel::kWarning, .text = "before"});
  const auto stream = Watch({});
  v1::WatchResponse response;
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.state().env_steps(), 1000);
  ASSERT_EQ(response.events_size(), 1);
  EXPECT_EQ(response.events(0).text(), "before");
  EXPECT_EQ(response.events(0).level(), v1::EVENT_LEVEL_WARNING);
  served_.feed.Add(MetricsRow{.env_steps = 7, .values = {{"time/fps", 50}}});
  while (stream->Read(&response) && response.metrics_size() == 0) {
  }
  EXPECT_EQ(response.metrics(0).env_steps(), 7);
  EXPECT_EQ(response.metrics(0).values(0).name(), "time/fps");
  context_->TryCancel();
}

TEST_F(StreamServiceTest, WrongRequestsAreAnsweredWithTheRange) {
  const auto refusal = [&](int environment, double rate) {
    v1::WatchRequest request;
    request.set_environment_index(environment);
    request.set_moments_per_second(rate);
    return Watch(request)->Finish();
  };
  EXPECT_EQ(refusal(5, 10).error_message(), "environment_index is 5; this run has 1, from 0 to 0");
  EXPECT_EQ(refusal(0, 1e9).error_code(), StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(refusal(0, -1).error_code(), StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(refusal(0, 1e-300).error_message(),
            "moments_per_second is 1e-300; choose a number from 0.001 to 240, or 0 for none");
  EXPECT_EQ(refusal(0, std::numeric_limits<double>::quiet_NaN()).error_code(),
            StatusCode::INVALID_ARGUMENT);
  EXPECT_FALSE(served_.hub.wanted());
}

TEST_F(StreamServiceTest, WhoOpensStreamAfterStreamIsRefused) {
  v1::WatchRequest wrong;  // so that each ends at once
  wrong.set_moments_per_second(-1);
  grpc::Status status;
  for (int i = 0; i < 2000 && status.error_code() != StatusCode::RESOURCE_EXHAUSTED; ++i) {
    status = Watch(wrong)->Finish();
  }
  EXPECT_EQ(status.error_message(),
            "this client calls more than 100 times a second; ask less often");
}

TEST_F(StreamServiceTest, OneClientTooManyIsRefusedAndTheOthersStay) {
  const ServedCatch two({.max_watchers = 2});
  const auto stub = v1::StreamService::NewStub(two.Connect());
  const auto first = ServedCatch::Call(two.token(false)),
             second = ServedCatch::Call(two.token(false)),
             third = ServedCatch::Call(two.token(false));
  v1::WatchResponse response;
  const auto a = stub->Watch(first.get(), {});
  ASSERT_TRUE(a->Read(&response));  // or the daemon may come to the second client first
  const auto b = stub->Watch(second.get(), {});
  ASSERT_TRUE(b->Read(&response));
  EXPECT_EQ(response.state().watchers(), 2);
  EXPECT_EQ(stub->Watch(third.get(), {})->Finish().error_code(), StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_TRUE(a->Read(&response));
  first->TryCancel();
  second->TryCancel();
}

TEST_F(StreamServiceTest, AClientThatLeavesIsForgotten) {
  {
    v1::WatchRequest request;
    request.set_moments_per_second(10);
    const auto stream = Watch(request);
    v1::WatchResponse response;
    ASSERT_TRUE(stream->Read(&response));
    EXPECT_TRUE(served_.hub.wanted());
    context_->TryCancel();
  }
  while (served_.hub.wanted()) std::this_thread::yield();
}

TEST_F(StreamServiceTest, TheDaemonsEndEndsTheStreamAndSaysSo) {
  const auto stream = Watch({});
  v1::WatchResponse response;
  ASSERT_TRUE(stream->Read(&response));
  served_.EndServer();
  while (stream->Read(&response)) {
  }
  EXPECT_EQ(stream->Finish().error_code(), StatusCode::UNAVAILABLE);
}

TEST_F(StreamServiceTest, AClientThatNeverReadsHoldsUpNeitherTrainingNorOthers) {
  Training training(served_.hub);
  v1::WatchRequest request;
  request.set_moments_per_second(240);
  request.set_network_input(true);
  const auto lazy_context = ServedCatch::Call(served_.token(false));
  const auto lazy =
      v1::StreamService::NewStub(served_.Connect())->Watch(lazy_context.get(), request);
  const auto stream = Watch(request);
  v1::WatchResponse response;
  int64_t moments = 0, env_steps = 0;
  while (moments < 200 && stream->Read(&response)) {
    moments += response.has_moment() ? 1 : 0;
    env_steps = std::max(env_steps, response.moment().step().env_step());
  }
  EXPECT_EQ(moments, 200);
  EXPECT_GT(env_steps, 200);
  context_->TryCancel();
  lazy_context->TryCancel();
}

}  // namespace
}  // namespace dqnd
