#include <gtest/gtest.h>

#include "env_bridge/rpc/rate_limit.h"
#include "env_bridge/watch/moment.h"
#include "tests/env_bridge/rpc/served_run.h"

namespace dqnd {
namespace {

using grpc::StatusCode;

class RunServiceTest : public testing::Test {
 protected:
  template <typename Request, typename Response>
  grpc::Status Ask(grpc::Status (v1::RunService::Stub::*method)(grpc::ClientContext*,
                                                                const Request&, Response*),
                   const Request& request, Response& response) {
    const auto context = ServedCatch::Call(served_.token(true));
    return (stub_.get()->*method)(context.get(), request, &response);
  }

  ServedCatch served_;
  std::unique_ptr<v1::RunService::Stub> stub_ = v1::RunService::NewStub(served_.Connect());
};

TEST_F(RunServiceTest, SaysWhatTheRunIsAndWhatTheDaemonCanDo) {
  v1::GetRunResponse response;
  ASSERT_TRUE(Ask(&v1::RunService::Stub::GetRun, {}, response).ok());
  EXPECT_EQ(response.contract().program_version(), "1.2.3");
  EXPECT_EQ(response.contract().revision(), 1);
  EXPECT_GT(response.contract().features_size(), 5);
  EXPECT_EQ(response.description().environment().id(), "catch");
  EXPECT_EQ(response.description().environment().action_names(1), "stay");
  EXPECT_EQ(response.description().parameters(), 99);
  EXPECT_EQ(response.state().env_steps(), 1000);
  EXPECT_EQ(response.state().phase(), v1::RUN_PHASE_TRAINING);
  EXPECT_TRUE(response.may_control());
}

TEST_F(RunServiceTest, CommandsReachTheRunAndAnswerWhereItStands) {
  v1::PauseResponse paused;
  ASSERT_TRUE(Ask(&v1::RunService::Stub::Pause, {}, paused).ok());
  EXPECT_EQ(paused.state().phase(), v1::RUN_PHASE_PAUSED);
  v1::StepRequest three;
  three.set_cycles(3);
  v1::StepResponse stepped;
  ASSERT_TRUE(Ask(&v1::RunService::Stub::Step, three, stepped).ok());
  v1::ResumeResponse resumed;
  ASSERT_TRUE(Ask(&v1::RunService::Stub::Resume, {}, resumed).ok());
  EXPECT_EQ(resumed.state().phase(), v1::RUN_PHASE_TRAINING);
  v1::CheckpointResponse saved;
  ASSERT_TRUE(Ask(&v1::RunService::Stub::Checkpoint, {}, saved).ok());
  v1::StopResponse stopped;
  ASSERT_TRUE(Ask(&v1::RunService::Stub::Stop, {}, stopped).ok());
  EXPECT_EQ(served_.run.asked(),
            (std::vector<std::string>{"pause", "step 3", "resume", "checkpoint", "stop"}));
}

TEST_F(RunServiceTest, WhatTheRunCannotDoIsAnsweredWithItsReason) {
  served_.run.Fail("the run is not paused");
  v1::PauseResponse response;
  const grpc::Status status = Ask(&v1::RunService::Stub::Pause, {}, response);
  EXPECT_EQ(status.error_code(), StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(status.error_message(), "the run is not paused");
}

TEST_F(RunServiceTest, AStepOfNoCyclesIsRefusedWithTheRange) {
  v1::StepResponse response;
  const grpc::Status status = Ask(&v1::RunService::Stub::Step, {}, response);
  EXPECT_EQ(status.error_code(), StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(status.error_message(), "cycles is 0; choose a number from 1 to 1000000");
}

TEST_F(RunServiceTest, GivesTheCurvesFromTheBeginning) {
  served_.feed.Add(MetricsRow{.env_steps = 5, .values = {{"train/loss", 0.5}}});
  served_.feed.Add(MetricsRow{.env_steps = 10, .values = {{"train/loss", 0.25}}});
  v1::ListMetricsResponse response;
  ASSERT_TRUE(Ask(&v1::RunService::Stub::ListMetrics, {}, response).ok());
  ASSERT_EQ(response.curves_size(), 1);
  EXPECT_EQ(response.curves(0).name(), "train/loss");
  EXPECT_EQ(response.curves(0).env_steps(1), 10);
  EXPECT_EQ(response.curves(0).values(1), 0.25);
}

TEST_F(RunServiceTest, SaysWhenTheDaemonBeganNotWhenItWasFirstAsked) {
  const double served_seconds = static_cast<double>(UnixNanoseconds()) / 1e9;
  v1::GetRunResponse response;
  ASSERT_TRUE(Ask(&v1::RunService::Stub::GetRun, {}, response).ok());
  const double began = response.description().process_start_unix_seconds();
  EXPECT_LE(began, served_seconds);
  EXPECT_GT(began, served_seconds - 60);
  ASSERT_TRUE(Ask(&v1::RunService::Stub::GetRun, {}, response).ok());
  EXPECT_EQ(response.description().process_start_unix_seconds(), began);
}

TEST_F(RunServiceTest, WhoFloodsWithTheReadOnlyTokenTakesNoCallsFromTheControlToken) {
  StatusCode answer = StatusCode::OK;
  for (int i = 0; i < 10'000 && answer == StatusCode::OK; ++i) {
    const auto context = ServedCatch::Call(served_.token(false));
    v1::GetRunResponse response;
    answer = stub_->GetRun(context.get(), {}, &response).error_code();
  }
  EXPECT_EQ(answer, StatusCode::RESOURCE_EXHAUSTED);
  v1::PauseResponse response;
  const grpc::Status status = Ask(&v1::RunService::Stub::Pause, {}, response);
  EXPECT_TRUE(status.ok()) << status.error_message();
}

TEST(RateLimit, LetsThroughABurstOfOneSecondAndThenTheRate) {
  const auto start = RateLimit::Clock::now();
  RateLimit limit(100, start);
  int passed = 0;
  for (int i = 0; i < 300; ++i) passed += limit.Pass(start) ? 1 : 0;
  EXPECT_EQ(passed, 100);
  passed = 0;
  for (int i = 0; i < 300; ++i)
    passed += limit.Pass(start + std::chrono::milliseconds(500)) ? 1 : 0;
  EXPECT_EQ(passed, 50);
}

}  // namespace
}  // namespace dqnd
