#include "viewer/client/play_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "tests/base/temporary_folder.h"
#include "tests/viewer/client/news.h"
#include "tests/viewer/fake_daemon.h"
#include "viewer/client/recorder.h"
#include "viewer/client/recording.h"

namespace dqnd {
namespace {

using Phase = ConnectionStatus::Phase;

// A client and what its last news said.
class Player {
 public:
  explicit Player(const Reconnector::Options& reach, const v1::Start& start = {},
                  const MomentSink& sink = {})
      : client(reach, start, bell_.Ringer(), sink) {}

  bool WaitUntil(const std::function<bool()>& done) {
    return bell_.WaitUntil([&] {
      PlayNews news = client.TakeNews();
      if (news.moment.has_value()) moment = std::move(news.moment);
      if (news.state.has_value()) state = std::move(news.state);
      if (!news.statuses.empty()) status = news.statuses.back();
      return done();
    });
  }

 private:
  Bell bell_;

 public:
  std::optional<DecodedMoment> moment;
  std::optional<v1::ExhibitionState> state;
  ConnectionStatus status;
  PlayClient client;
};

TEST(PlayClient, PlaysWithWhatItWasAskedToBeginWith) {
  FakeDaemon daemon;
  v1::Start start;
  start.set_speed(2);
  start.mutable_show()->set_saliency(true);
  Player player(Reach(daemon.address()), start);
  ASSERT_TRUE(player.WaitUntil([&] { return player.moment.has_value(); }));
  EXPECT_EQ(player.state->speed(), 2);
  EXPECT_NE(player.moment->saliency, nullptr);
  EXPECT_EQ(player.moment->network_input, nullptr);
}

TEST(PlayClient, CarriesEveryCommandInOrder) {
  FakeDaemon daemon;
  Player player(Reach(daemon.address()));
  ASSERT_TRUE(player.WaitUntil([&] { return player.moment.has_value(); }));
  player.client.TakeOver();
  player.client.Press(3);
  player.client.GiveBack();
  player.client.Pause();
  player.client.Step();
  player.client.SetSpeed(4);
  player.client.Rewind(2.5);
  player.client.Restart();
  player.client.Show(true, true);
  player.client.Resume();
  ASSERT_TRUE(daemon.WaitForCall("ResumeGame"));
  EXPECT_EQ(daemon.calls(),
            (std::vector<std::string>{"GetRun", "Play", "Start 1", "TakeOver", "Press 3",
                                      "GiveBack", "PauseGame", "StepGame", "SetSpeed 4",
                                      "Rewind 2.5", "Restart", "Show", "ResumeGame"}));
}

TEST(PlayClient, APersonMovesTheGame) {
  FakeDaemon daemon;
  Player player(Reach(daemon.address()));
  ASSERT_TRUE(player.WaitUntil([&] { return player.moment.has_value(); }));
  player.client.TakeOver();
  player.client.Press(3);
  ASSERT_TRUE(player.WaitUntil([&] {
    return player.state->person_plays() && player.moment->step->by_person() &&
           player.moment->step->action() == 3;
  }));
}

TEST(PlayClient, AfterALostConnectionPlaysOnAsFastAsBefore) {
  std::optional<FakeDaemon> daemon;
  daemon.emplace();
  const int port = daemon->port();
  Player player(Reach(daemon->address()));
  ASSERT_TRUE(player.WaitUntil([&] { return player.moment.has_value(); }));
  player.client.SetSpeed(8);
  ASSERT_TRUE(daemon->WaitForCall("SetSpeed 8"));
  daemon.reset();
  ASSERT_TRUE(player.WaitUntil([&] { return player.status.phase == Phase::kWaiting; }));
  daemon.emplace(FakeDaemonOptions{.port = port});
  EXPECT_TRUE(daemon->WaitForCall("Start 8"));
}

TEST(PlayClient, IsDoneWhenTheGamesThatItAskedForArePlayed) {
  FakeDaemon daemon;
  v1::Start start;
  start.set_games(1);
  start.set_speed(32);
  Player player(Reach(daemon.address()), start);
  ASSERT_TRUE(player.WaitUntil([&] { return player.status.phase == Phase::kEnded; }))
      << player.status.text;
  EXPECT_EQ(player.state->games_over(), 1);
}

TEST(PlayClient, EndsPromptlyInTheMiddleOfAGameThatStandsStill) {
  FakeDaemon daemon;
  const auto begin = std::chrono::steady_clock::now();
  {
    Player player(Reach(daemon.address()));
    ASSERT_TRUE(player.WaitUntil([&] { return player.moment.has_value(); }));
    player.client.Pause();
    ASSERT_TRUE(player.WaitUntil([&] { return player.state->paused(); }));
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
}

TEST(Recorder, RecordsWhatGoesByFromTheMiddleOfAStream) {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder.path() / "game.dqnrec";
  FakeDaemon daemon;
  Recorder recorder;
  {
    v1::Start start;
    start.set_speed(8);
    Player player(Reach(daemon.address()), start,
                  [&](const v1::Moment& moment, const PictureDecoder& pictures) {
                    recorder.Accept(moment, pictures);
                  });
    ASSERT_TRUE(player.WaitUntil([&] { return player.moment.has_value(); }));
    v1::RecordingHeader header;
    header.set_run_name("breakout");
    recorder.Start(path, header);
    const int64_t from = player.moment->step->env_step();
    ASSERT_TRUE(player.WaitUntil([&] { return player.moment->step->env_step() > from + 100; }));
    EXPECT_THAT(recorder.Stop(), testing::HasSubstr("game.dqnrec"));
  }
  RecordingReader reader(path);
  EXPECT_GE(reader.moments(), 90u);
  EXPECT_EQ(reader.header().run_name(), "breakout");
  EXPECT_EQ(reader.remark(), "");
  EXPECT_EQ(reader.KeyBefore(0), 0u);
}

TEST(Recorder, SaysThatNoMomentCame) {
  Recorder recorder;
  recorder.Start("never.dqnrec", {});
  EXPECT_EQ(recorder.Stop(), "Nothing was recorded: no moment came");
  EXPECT_FALSE(std::filesystem::exists("never.dqnrec"));
}

}  // namespace
}  // namespace dqnd
