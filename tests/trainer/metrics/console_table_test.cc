#include "trainer/metrics/console_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <thread>

#include "tests/trainer/metrics/fake_console.h"

namespace dqnd {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr TerminalSize kRoomy = {.columns = 100, .rows = 40};

class ConsoleTableOnATerminal : public ::testing::Test {
 protected:
  // A table of one value, so that a drawing is these five lines.
  void Report(int64_t env_steps, double seconds) {
    table_.Report(env_steps, seconds,
                  std::array{Scalar{"train/loss", static_cast<double>(env_steps)}});
  }
  static std::vector<std::string> Drawing(const std::string& loss, const std::string& bar) {
    const std::string border(14 + loss.size(), '-');
    return {border, "| train/  | " + std::string(loss.size(), ' ') + " |",
            "|    loss | " + loss + " |", border, bar};
  }

  FakeTerminal terminal_{kRoomy};
  ConsoleTable table_{terminal_, 1000};
};

TEST_F(ConsoleTableOnATerminal, DrawsInPlace) {
  Report(100, 10);
  EXPECT_EQ(terminal_.lines(),
            Drawing("100",
                    "[####                                    ]  10 %  100/1000 env_steps  "
                    "10 env_steps/s  ETA 0:01:30"));
  Report(200, 20);
  EXPECT_EQ(terminal_.lines(),
            Drawing("200",
                    "[########                                ]  20 %  200/1000 env_steps  "
                    "10 env_steps/s  ETA 0:01:20"));
}

TEST_F(ConsoleTableOnATerminal, DrawsAtMostFiveTimesASecond) {
  for (int i = 0; i <= 1000; ++i) Report(i, i / 1000.0);
  EXPECT_LE(terminal_.writes(), 6);
  EXPECT_GE(terminal_.writes(), 5);
}

TEST_F(ConsoleTableOnATerminal, AdvanceMovesTheBarAndKeepsTheValues) {
  Report(100, 10);
  table_.Advance(150, 15);
  EXPECT_THAT(terminal_.lines(), SizeIs(5));
  EXPECT_THAT(terminal_.lines()[2], HasSubstr("100"));
  EXPECT_THAT(terminal_.lines()[4], HasSubstr("150/1000 env_steps"));
}

TEST_F(ConsoleTableOnATerminal, KeepsTheLastValueOfATagThatIsNotReportedAgain) {
  Report(100, 10);
  table_.Report(200, 20, std::array{Scalar{"train/mean_q", 0.5}});
  EXPECT_THAT(terminal_.lines(), SizeIs(6));
  EXPECT_THAT(terminal_.lines()[2], HasSubstr("loss   | 100 |"));
  EXPECT_THAT(terminal_.lines()[3], HasSubstr("mean_q | 0.5 |"));
}

TEST_F(ConsoleTableOnATerminal, PrintsLinesAboveTheTableWithoutTearingIt) {
  table_.PrintLine("before");
  Report(100, 10);
  const std::vector<std::string> drawing = terminal_.lines();
  table_.PrintLine("during");
  table_.PrintLine(std::string(250, 'x'));
  Report(100, 20);
  std::vector<std::string> lines = terminal_.lines();
  ASSERT_THAT(lines, SizeIs(2 + 3 + 5));
  EXPECT_EQ(lines[0], "before");
  EXPECT_EQ(lines[1], "during");
  EXPECT_EQ(lines[2] + lines[3] + lines[4], std::string(250, 'x'));
  lines.erase(lines.begin() + 1, lines.begin() + 5);
  lines.pop_back();
  EXPECT_THAT(drawing, ::testing::IsSupersetOf(lines));
}

TEST_F(ConsoleTableOnATerminal, FinishDrawsTheLatestStateAndLeavesIt) {
  Report(100, 10);
  Report(1000, 10.1);  // too soon to be drawn
  table_.Finish();
  const std::vector<std::string> drawing = terminal_.lines();
  EXPECT_THAT(drawing, SizeIs(5));
  EXPECT_THAT(drawing[2], HasSubstr("1000"));
  table_.PrintLine("after");
  std::vector<std::string> lines = terminal_.lines();
  EXPECT_EQ(lines.back(), "after");
  lines.pop_back();
  EXPECT_EQ(lines, drawing);
}

TEST_F(ConsoleTableOnATerminal, ShowsNoTableBeforeTheFirstReport) {
  table_.PrintLine("only this");
  table_.Finish();
  EXPECT_THAT(terminal_.lines(), ElementsAre("only this"));
}

TEST_F(ConsoleTableOnATerminal, ClipsToANarrowWindow) {
  terminal_.Resize({.columns = 12, .rows = 40});
  for (int i = 1; i < 20; ++i) Report(i, i);
  EXPECT_THAT(terminal_.lines(), SizeIs(5));
  EXPECT_THAT(terminal_.lines(), Each(::testing::Property(&std::string::size, testing::Le(11u))));
}

TEST_F(ConsoleTableOnATerminal, ClipsToALowWindowAndKeepsTheBar) {
  terminal_.Resize({.columns = 80, .rows = 4});
  for (int i = 1; i < 20; ++i) Report(i, i);
  EXPECT_THAT(terminal_.lines(), SizeIs(3));
  EXPECT_THAT(terminal_.lines().back(), HasSubstr("19/1000 env_steps"));
}

TEST_F(ConsoleTableOnATerminal, SurvivesAWindowOfOneCharacter) {
  terminal_.Resize({.columns = 1, .rows = 1});
  Report(1, 1);
  table_.PrintLine("line");
  Report(2, 2);
  table_.Finish();
  EXPECT_THAT(terminal_.lines(), Each(::testing::Property(&std::string::size, testing::Le(1u))));
}

TEST_F(ConsoleTableOnATerminal, StartsBelowWhenTheWindowBecameNarrower) {
  table_.PrintLine("log");
  Report(1, 1);
  terminal_.Resize({.columns = 60, .rows = 40});
  Report(2, 2);
  Report(3, 3);
  EXPECT_THAT(terminal_.lines(), SizeIs(1 + 5 + 5));
  EXPECT_EQ(terminal_.lines()[0], "log");
  EXPECT_THAT(terminal_.lines().back(), HasSubstr("3/1000 env_steps"));
}

TEST_F(ConsoleTableOnATerminal, TakesLinesFromOtherThreads) {
  std::thread other([&] {
    for (int i = 0; i < 100; ++i) table_.PrintLine("line");
  });
  for (int i = 0; i < 100; ++i) Report(i, i);
  other.join();
  table_.Finish();
  std::vector<std::string> lines = terminal_.lines();
  ASSERT_THAT(lines, SizeIs(100 + 5));
  lines.resize(100);
  EXPECT_THAT(lines, Each("line"));
}

TEST(ConsoleTableOnAPipe, WritesOnePlainLineAReport) {
  FakePipe pipe;
  ConsoleTable table(pipe, 300'000);
  table.PrintLine("hello");
  table.Report(10'000, 10, std::array{Scalar{"train/loss", 0.0123}});
  table.Advance(11'000, 11);
  table.Report(20'000, 20, std::array{Scalar{"eval/mean_reward", 1.5}});
  table.Finish();
  EXPECT_EQ(pipe.written(),
            "hello\n"
            "env_steps 10000/300000 (3 %)  fps 1000  ETA 0:04:50  loss 0.0123\n"
            "env_steps 20000/300000 (6 %)  fps 1000  ETA 0:04:40  eval_mean_reward 1.5\n");
}

}  // namespace
}  // namespace dqnd
