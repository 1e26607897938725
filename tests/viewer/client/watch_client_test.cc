#include "viewer/client/watch_client.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <limits>
#include <optional>

#include "tests/base/relay.h"
#include "tests/base/temporary_folder.h"
#include "tests/viewer/client/news.h"
#include "tests/viewer/fake_daemon.h"
#include "viewer/client/run_model.h"

namespace dqnd {
namespace {

using Phase = ConnectionStatus::Phase;

// A client as the window has it: its news go into a model.
class Watcher {
 public:
  explicit Watcher(const Reconnector::Options& reach, const WatchOptions& watch = {})
      : client(reach, watch, bell_.Ringer()) {}

  bool WaitUntil(const std::function<bool(const RunModel&)>& done) {
    return bell_.WaitUntil([&] {
      model.Apply(client.TakeNews(), 0);
      return done(model);
    });
  }
  int CountLines(const std::string& text) const {
    return static_cast<int>(std::count_if(
        model.events().begin(), model.events().end(),
        [&](const EventLine& line) { return line.text.find(text) != std::string::npos; }));
  }

 private:
  Bell bell_;

 public:
  RunModel model;
  WatchClient client;
};

TEST(WatchClient, BringsTheRunItsCurvesItsLogAndItsGame) {
  FakeDaemon daemon;
  daemon.WriteRow(1000, {{"train/loss", 0.5}});
  daemon.WriteRow(2000, {{"train/loss", 0.25}, {"rollout/ep_rew_mean", 3}});
  daemon.Log("began");
  Watcher watcher(Reach(daemon.address()), {.network_input = true, .saliency = true});
  ASSERT_TRUE(watcher.WaitUntil([&](const RunModel& model) {
    return model.curve("train/loss").values.size() == 2 && model.moment().has_value() &&
           model.moment()->saliency != nullptr && watcher.CountLines("began") == 1;
  }));
  EXPECT_EQ(watcher.model.run()->description().name(), "breakout");
  EXPECT_EQ(watcher.model.curve("train/loss").env_steps, (std::vector<double>{1000, 2000}));
  EXPECT_EQ(watcher.model.curve("rollout/ep_rew_mean").values, (std::vector<double>{3}));
  EXPECT_EQ(watcher.model.moment()->picture->width, 160);
  EXPECT_EQ(watcher.model.connection().phase, Phase::kConnected);
  EXPECT_EQ(watcher.CountLines("connected to breakout on fake-host"), 1);
}

TEST(WatchClient, LosesNoLineNoRowAndNoStepWhenNobodyLooksForAWhile) {
  FakeDaemon daemon;
  Watcher watcher(Reach(daemon.address()), {.moments_per_second = 240});
  ASSERT_TRUE(watcher.WaitUntil([](const RunModel& model) { return model.moment().has_value(); }));
  for (int i = 0; i < 500; ++i) {
    daemon.Log("line " + std::to_string(i));
    daemon.WriteRow(1000 + i, {{"time/fps", i}});
  }
  daemon.Log("the last line");
  ASSERT_TRUE(
      watcher.WaitUntil([&](const RunModel&) { return watcher.CountLines("the last line") == 1; }));
  EXPECT_EQ(watcher.CountLines("line "), 500);
  EXPECT_EQ(watcher.model.curve("time/fps").values.size(), 500u);
  // The fake leaves out three env_steps before each moment; the moments that were passed over or
  // shown before count too.
  const int64_t shown = watcher.model.moment()->step->episode_env_step();
  EXPECT_GE(watcher.model.not_shown().env_steps(), 3 * shown + shown - 1);
}

TEST(WatchClient, WatchesSomethingElseOverTheSameConnection) {
  FakeDaemon daemon;
  Watcher watcher(Reach(daemon.address()), {.moments_per_second = 0});
  ASSERT_TRUE(watcher.WaitUntil([](const RunModel& model) { return model.state().has_value(); }));
  EXPECT_FALSE(watcher.model.moment().has_value());
  watcher.client.Watch({.moments_per_second = 60, .saliency = true});
  ASSERT_TRUE(watcher.WaitUntil([](const RunModel& model) {
    return model.moment().has_value() && model.moment()->saliency != nullptr;
  }));
  const std::vector<std::string> calls = daemon.calls();
  EXPECT_EQ(std::count(calls.begin(), calls.end(), "GetRun"), 1);
  EXPECT_EQ(std::count(calls.begin(), calls.end(), "ListMetrics"), 1);
}

TEST(WatchClient, GoesOnByItselfAfterARestartAndSaysSo) {
  std::optional<FakeDaemon> daemon;
  daemon.emplace();
  const Address address = daemon->address();
  daemon->WriteRow(1000, {{"train/loss", 0.5}});
  daemon->Log("of the first process");
  Watcher watcher(Reach(address));
  ASSERT_TRUE(watcher.WaitUntil([&](const RunModel& model) {
    return model.moment().has_value() && watcher.CountLines("of the first process") == 1;
  }));

  daemon.reset();
  ASSERT_TRUE(watcher.WaitUntil(
      [](const RunModel& model) { return model.connection().phase == Phase::kWaiting; }));
  EXPECT_EQ(watcher.CountLines("connection lost: "), 1);
  EXPECT_TRUE(watcher.model.moment().has_value()) << "the last picture stays";

  daemon.emplace(FakeDaemonOptions{
      .port = address.port, .process_start_unix_seconds = 2000, .env_steps = 200'000});
  daemon->WriteRow(1000, {{"train/loss", 0.5}});
  daemon->WriteRow(1500, {{"train/loss", 0.4}});
  ASSERT_TRUE(watcher.WaitUntil(
      [](const RunModel& model) { return model.curve("train/loss").values.size() == 2; }));
  EXPECT_EQ(watcher.CountLines("connected again, the daemon was restarted and is at env_step"), 1);
  EXPECT_EQ(watcher.CountLines("trying again"), 1) << "not one line for each attempt";
}

TEST(WatchClient, GoesOnAfterAConnectionThatBrokeAnywhereInAMessage) {
  FakeDaemon daemon;
  Address through = daemon.address();
  Relay cable(fmt::format("{}:{}", through.host, through.port));
  through.port = static_cast<uint16_t>(cable.port());
  Watcher watcher(Reach(through), {.network_input = true});
  int broken = 0;
  for (const int64_t bytes : {1, 8, 9, 10, 13, 20, 300, 1000, 4000, 9999, 20000, 30011}) {
    const auto phase_is = [](Phase phase) {
      return [phase](const RunModel& model) { return model.connection().phase == phase; };
    };
    ASSERT_TRUE(watcher.WaitUntil(phase_is(Phase::kConnected)));
    const int64_t before = watcher.model.not_shown().env_steps();
    ASSERT_TRUE(watcher.WaitUntil([&](const RunModel& model) {
      return model.not_shown().env_steps() > before + 10;
    })) << "the game goes on";
    cable.BreakAfter(bytes);
    ++broken;
    ASSERT_TRUE(watcher.WaitUntil(
        [&](const RunModel&) { return watcher.CountLines("connection lost: ") == broken; }));
  }
  EXPECT_TRUE(watcher.WaitUntil(
      [&](const RunModel&) { return watcher.CountLines("connected again") == broken; }));
  EXPECT_EQ(watcher.CountLines("picture"), 0) << "half a message is no damaged one";
}

TEST(WatchClient, WaitsForADaemonThatIsJustStartingInARunDirectory) {
  const TemporaryFolder run;
  Reconnector::Options reach;
  reach.destination.named = run.path().string();
  reach.is_starting = true;
  reach.first_wait = std::chrono::milliseconds(10);
  Watcher watcher(reach);
  ASSERT_TRUE(watcher.WaitUntil(
      [](const RunModel& model) { return model.connection().phase == Phase::kWaiting; }));
  EXPECT_EQ(watcher.CountLines("waiting for the daemon to start"), 1);
  FakeDaemon daemon;
  std::ofstream(run.path() / "address.part") << daemon.address().Text();
  std::filesystem::rename(run.path() / "address.part", run.path() / "address");
  EXPECT_TRUE(watcher.WaitUntil([](const RunModel& model) { return model.run().has_value(); }));
}

TEST(WatchClient, StopsAtWhatOnlyAPersonCanChange) {
  FakeDaemon daemon({.control_token = "right"});
  Reconnector::Options reach = Reach(daemon.address());
  reach.destination.token = "mistaken";
  Watcher watcher(reach);
  ASSERT_TRUE(watcher.WaitUntil(
      [](const RunModel& model) { return model.connection().phase == Phase::kFailed; }));
  EXPECT_EQ(watcher.model.connection().error->kind(), ConnectionError::Kind::kUnauthenticated);
}

TEST(WatchClient, SaysWhatWasWrongWithAPictureAndTriesAgain) {
  FakeDaemon daemon({.damage = [](v1::Picture& picture) { picture.set_width_pixels(5'000'000); }});
  Watcher watcher(Reach(daemon.address()));
  ASSERT_TRUE(watcher.WaitUntil(
      [&](const RunModel&) { return watcher.CountLines("5000000x210 pixels") > 0; }));
  EXPECT_TRUE(daemon.WaitForCall("Watch", 3));
}

TEST(WatchClient, EndsPromptlyWhateverTheDaemonDoes) {
  FakeDaemon slow({.delay = std::chrono::minutes(10)});
  const auto begin = std::chrono::steady_clock::now();
  {
    Watcher watcher(Reach(slow.address()));
    ASSERT_TRUE(watcher.WaitUntil(
        [](const RunModel& model) { return model.connection().phase == Phase::kConnecting; }));
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
}

TEST(RunModel, KeepsTheLinesOfAStreamThatBeginsAgainOnce) {
  RunModel model;
  WatchNews news;
  for (int i = 0; i < 3; ++i) {
    v1::Event& event = news.events.emplace_back();
    event.set_unix_seconds(i);
    event.set_text("line");
  }
  model.Apply(news, 0);
  model.Apply(news, 0);
  EXPECT_EQ(model.events().size(), 3u);
}

TEST(RunModel, KeepsABoundedLogAndBoundedCurves) {
  RunModel model;
  WatchNews news;
  for (int i = 0; i < 20'000; ++i) {
    v1::MetricsRow& row = news.metrics.emplace_back();
    row.set_env_steps(i);
    row.add_values()->set_name("a");
    row.mutable_values(0)->set_value(i);
  }
  model.Apply(std::move(news), 0);
  for (int i = 0; i < 3000; ++i) model.Say(std::to_string(i), v1::EVENT_LEVEL_INFO, i);
  EXPECT_EQ(model.events().size(), RunModel::kMaxEventLines);
  EXPECT_EQ(model.events().back().text, "2999");
  const RunCurve& curve = model.curve("a");
  EXPECT_LE(curve.values.size(), RunModel::kMaxPoints);
  EXPECT_EQ(curve.env_steps, curve.values);
  EXPECT_EQ(curve.values.front(), 0);
  EXPECT_EQ(curve.values.back(), 19'999);
}

TEST(RunModel, DrawsNoPointThatIsNoNumber) {
  RunModel model;
  WatchNews news;
  v1::MetricsRow& row = news.metrics.emplace_back();
  row.add_values()->set_name("a");
  row.mutable_values(0)->set_value(std::numeric_limits<double>::quiet_NaN());
  model.Apply(std::move(news), 0);
  EXPECT_TRUE(model.curve("a").values.empty());
}

}  // namespace
}  // namespace dqnd
