#include "viewer/client/control_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <vector>

#include "tests/viewer/client/news.h"
#include "tests/viewer/fake_daemon.h"

namespace dqnd {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(ControlClient, CarriesCommandsOutInOrderAndSaysHowItWent) {
  FakeDaemon daemon;
  Bell bell;
  ControlClient client({.named = daemon.address().Text(), .token = "", .fingerprint = ""},
                       bell.Ringer());
  for (const RunCommand command : {RunCommand::kStep, RunCommand::kPause, RunCommand::kStep,
                                   RunCommand::kCheckpoint, RunCommand::kResume}) {
    client.Send(command);
  }
  std::vector<CommandAnswer> answers;
  ASSERT_TRUE(bell.WaitUntil([&] {
    for (CommandAnswer& answer : client.TakeAnswers()) answers.push_back(std::move(answer));
    return answers.size() == 5;
  }));
  EXPECT_FALSE(answers[0].done);
  EXPECT_THAT(answers[0].text, HasSubstr("not paused"));
  EXPECT_TRUE(answers[4].done);
  EXPECT_THAT(daemon.calls(), ElementsAre("Pause", "Step 1", "Checkpoint", "Resume"));
}

TEST(ControlClient, TriesAgainWithANewConnectionAfterALostOne) {
  std::optional<FakeDaemon> daemon;
  daemon.emplace();
  const Address address = daemon->address();
  Bell bell;
  ControlClient client({.named = address.Text(), .token = "", .fingerprint = ""}, bell.Ringer());
  std::vector<CommandAnswer> answers;
  const auto answered = [&] {
    answers = client.TakeAnswers();
    return !answers.empty();
  };
  daemon.reset();
  client.Send(RunCommand::kPause);
  ASSERT_TRUE(bell.WaitUntil(answered));
  EXPECT_FALSE(answers[0].done);
  daemon.emplace(FakeDaemonOptions{.port = address.port});
  client.Send(RunCommand::kPause);
  ASSERT_TRUE(bell.WaitUntil(answered));
  EXPECT_TRUE(answers[0].done) << answers[0].text;
}

}  // namespace
}  // namespace dqnd
