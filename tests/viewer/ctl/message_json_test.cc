#include "viewer/ctl/message_json.h"

#include <gtest/gtest.h>

#include <limits>

#include "dqnd/v1/run.pb.h"
#include "dqnd/v1/stream.pb.h"

namespace dqnd {
namespace {

TEST(MessageJson, NumbersOf64BitsAreNumbersAndEnumsTheirShortNames) {
  v1::RunState state;
  state.set_phase(v1::RUN_PHASE_PAUSED);
  state.set_env_steps(int64_t{1} << 60);
  const nlohmann::ordered_json json = ToJson(state);
  EXPECT_EQ(json["phase"], "paused");
  EXPECT_EQ(json["env_steps"], int64_t{1} << 60);
  EXPECT_EQ(json.begin().key(), "phase");  // as the contract orders them
}

TEST(MessageJson, WhatIsAbsentIsLeftOutAndWhatIsZeroIsNot) {
  const nlohmann::ordered_json json = ToJson(v1::RunState());
  EXPECT_FALSE(json.contains("mean_return"));
  EXPECT_FALSE(json.contains("checkpoint"));
  EXPECT_EQ(json["env_steps"], 0);
  EXPECT_EQ(json["checkpoint_failure"], "");
}

TEST(MessageJson, NumbersThatJsonDoesNotHaveAreNull) {
  v1::RunState state;
  state.set_epsilon(std::numeric_limits<double>::quiet_NaN());
  state.mutable_update_averages()->set_loss(std::numeric_limits<double>::infinity());
  EXPECT_TRUE(ToJson(state)["epsilon"].is_null());
  EXPECT_TRUE(ToJson(state)["update_averages"]["loss"].is_null());
}

TEST(MessageJson, ListsAreListsAndBytesAreLeftOut) {
  v1::WatchResponse response;
  v1::Event& event = *response.add_events();
  event.set_level(v1::EVENT_LEVEL_WARNING);
  event.set_text("the disk is full");
  response.mutable_moment()->mutable_picture()->set_pixels_lz4("\xff\xfe");
  response.mutable_moment()->mutable_step()->add_q_values(0.5f);
  const nlohmann::ordered_json json = ToJson(response);
  EXPECT_EQ(json["events"][0]["level"], "warning");
  EXPECT_EQ(json["moment"]["step"]["q_values"][0], 0.5);
  EXPECT_FALSE(json["moment"]["picture"].contains("pixels_lz4"));
  EXPECT_EQ(nlohmann::ordered_json::parse(json.dump()), json);
}

TEST(MessageJson, FloatsHaveNoDigitsThatNobodyMeasured) {
  v1::Step step;
  step.add_q_values(0.1f);
  EXPECT_EQ(ToJson(step)["q_values"].dump(), "[0.1]");
}

TEST(MessageJson, RecordingsSayWhatTheyShow) {
  v1::EnvironmentSpec spec;
  spec.mutable_observation()->set_element_type(v1::ELEMENT_TYPE_FLOAT32);
  EXPECT_EQ(ToJson(spec)["observation"]["element_type"], "float32");
}

}  // namespace
}  // namespace dqnd
