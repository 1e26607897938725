#include "viewer/ctl/choose_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <stdexcept>

#include "tests/base/temporary_folder.h"

namespace dqnd {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::ThrowsMessage;

class ChoosingARun : public testing::Test {
 protected:
  void AddRun(const std::string& name, const std::string& address) {
    std::filesystem::create_directories(folder_.path() / name / "access");
    std::ofstream(folder_.path() / name / "address") << address << "\n";
    std::ofstream(folder_.path() / name / "access/control_token") << "token-of-" << name << "\n";
  }
  std::string Run(const std::string& name) const { return (folder_.path() / name).string(); }

  Address Choose(const NamedRun& named = {}) {
    return ChooseRun(named, folder_.path(), [this](const Address& address) -> std::string {
      asked_.insert(address.Place());
      return answering_.contains(address.Place()) ? "" : address.Place() + " does not answer";
    });
  }

  TemporaryFolder folder_;
  std::set<std::string> answering_;
  std::set<std::string> asked_;
};

TEST_F(ChoosingARun, TheOnlyOneWhoseDaemonAnswersIsTakenWithItsToken) {
  AddRun("old", "dqnd://127.0.0.1:1");
  AddRun("new", "dqnd://127.0.0.1:2");
  answering_ = {"127.0.0.1:2"};
  const Address chosen = Choose();
  EXPECT_EQ(chosen.Place(), "127.0.0.1:2");
  EXPECT_EQ(chosen.token, "token-of-new");
}

TEST_F(ChoosingARun, OfSeveralThatAnswerAPersonHasToNameOne) {
  AddRun("a", "dqnd://127.0.0.1:1");
  AddRun("b", "dqnd://127.0.0.1:2");
  answering_ = {"127.0.0.1:1", "127.0.0.1:2"};
  EXPECT_THAT([&] { Choose(); },
              ThrowsMessage<std::invalid_argument>(AllOf(
                  HasSubstr("--run " + Run("a") + "   answers at 127.0.0.1:1"),
                  HasSubstr("--run " + Run("b") + "   answers"), Not(HasSubstr("token-of")))));
}

TEST_F(ChoosingARun, WhenNoneAnswersEachSaysWhy) {
  AddRun("a", "dqnd://127.0.0.1:1");
  AddRun("broken", "nonsense");
  EXPECT_THAT([&] { Choose(); },
              ThrowsMessage<std::invalid_argument>(
                  AllOf(HasSubstr("a   127.0.0.1:1 does not answer"), HasSubstr("broken   "))));
}

TEST_F(ChoosingARun, WithoutAnyRunTheMessageSaysWhatToGive) {
  std::filesystem::create_directories(folder_.path() / "finished");
  EXPECT_THAT([&] { Choose(); }, ThrowsMessage<std::invalid_argument>(
                                     AllOf(HasSubstr("--address"), HasSubstr("DQND_RUN"))));
  EXPECT_THAT([] { ChooseRun({}, "no/such/folder", {}); },
              testing::Throws<std::invalid_argument>());
}

TEST_F(ChoosingARun, WhoeverIsNamedIsNotAskedFirst) {
  AddRun("a", "dqnd://127.0.0.1:1");
  EXPECT_EQ(Choose({.run_directory = Run("a")}).Place(), "127.0.0.1:1");
  EXPECT_EQ(Choose({.address = "elsewhere:7"}).Place(), "elsewhere:7");
  EXPECT_EQ(Choose({.default_run = Run("a")}).Place(), "127.0.0.1:1");
  EXPECT_TRUE(asked_.empty());
}

TEST_F(ChoosingARun, TheCommandLineCountsMoreThanTheEnvironment) {
  AddRun("a", "dqnd://127.0.0.1:1");
  AddRun("b", "dqnd://127.0.0.1:2");
  EXPECT_EQ(Choose({.run_directory = Run("b"), .default_run = Run("a")}).Place(), "127.0.0.1:2");
  EXPECT_EQ(Choose({.address = "c:3", .default_run = Run("a")}).Place(), "c:3");
}

TEST_F(ChoosingARun, ATokenThatIsGivenReplacesTheRunsOwn) {
  AddRun("a", "dqnd://127.0.0.1:1");
  answering_ = {"127.0.0.1:1"};
  EXPECT_EQ(Choose({.run_directory = Run("a"), .token = "mine"}).token, "mine");
  EXPECT_EQ(Choose({.address = "dqnd://b:1?token=its", .token = "mine"}).token, "mine");
  EXPECT_EQ(Choose({.token = "mine"}).token, "mine");
}

TEST_F(ChoosingARun, ATokenThatCannotBeSentIsRefusedButNotRepeated) {
  EXPECT_THAT([&] { Choose({.address = "a:1", .token = "s3cret\n"}); },
              ThrowsMessage<std::invalid_argument>(Not(HasSubstr("s3cret"))));
}

TEST_F(ChoosingARun, AMissingDirectoryIsTheCallersFaultAndADaemonThatIsGoneIsNot) {
  std::filesystem::create_directories(folder_.path() / "finished");
  EXPECT_THAT([&] { Choose({.run_directory = Run("mistyped")}); },
              ThrowsMessage<std::invalid_argument>(HasSubstr("mistyped")));
  EXPECT_THAT([&] { Choose({.run_directory = Run("finished")}); },
              ThrowsMessage<std::runtime_error>(HasSubstr("dqnd train")));
}

TEST_F(ChoosingARun, NobodyIsConnectedToUnlessSomebodyListens) {
  Address nobody;
  nobody.unix_path = Run("no.sock");
  EXPECT_THAT(AskOverTheWire(nobody), HasSubstr("no daemon listens there"));
}

}  // namespace
}  // namespace dqnd
