#include "trainer/metrics/run_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>
#include <thread>

#include "base/file_system.h"
#include "tests/base/temporary_folder.h"
#include "tests/trainer/metrics/fake_console.h"

namespace dqnd {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::SizeIs;

class RunLogTest : public ::testing::Test {
 protected:
  std::string LogFile() { return RealFileSystem().Read(folder_.path() / "dqnd.log"); }

  TemporaryFolder folder_;
  FakePipe pipe_;
  ConsoleTable table_{pipe_, 100};
};

TEST_F(RunLogTest, GoesToFileAndConsoleWithTimeAndLevel) {
  const auto log = MakeRunLog(folder_.path(), table_);
  log->warn("disk nearly {}", "full");
  EXPECT_THAT(pipe_.written(), MatchesRegex("..:..:.. warning disk nearly full\n"));
  EXPECT_THAT(LogFile(), MatchesRegex("....-..-.. ..:..:..\\.... warning disk nearly full\n"));
}

TEST_F(RunLogTest, ReachesTheFileLineByLineFromInfoUp) {
  const auto log = MakeRunLog(folder_.path(), table_);
  log->info("started");
  EXPECT_THAT(LogFile(), HasSubstr("info    started\n"));
}

TEST_F(RunLogTest, AppendsToTheLogOfAnEarlierProcess) {
  MakeRunLog(folder_.path(), table_)->info("one");
  MakeRunLog(folder_.path(), table_)->info("two");
  EXPECT_THAT(LogFile(), MatchesRegex(".*one\n.*two\n"));
}

TEST_F(RunLogTest, KeepsABoundedNumberOfBoundedFiles) {
  const auto log = MakeRunLog(folder_.path(), table_, {.max_file_bytes = 1000, .max_files = 3});
  for (int i = 0; i < 200; ++i) log->info("line {}", i);
  const std::vector<std::string> names = RealFileSystem().List(folder_.path());
  EXPECT_THAT(names, ::testing::ElementsAre("dqnd.1.log", "dqnd.2.log", "dqnd.log"));
  for (const std::string& name : names) {
    EXPECT_LE(RealFileSystem().Read(folder_.path() / name).size(), 1000u);
  }
  EXPECT_THAT(LogFile(), HasSubstr("line 199\n"));
}

TEST_F(RunLogTest, DoesNotTearTheTable) {
  FakeTerminal terminal({.columns = 100, .rows = 40});
  ConsoleTable table(terminal, 100);
  const auto log = MakeRunLog(folder_.path(), table);
  std::thread other([&] {
    for (int i = 0; i < 50; ++i) log->info("from another thread");
  });
  for (int i = 0; i < 50; ++i) {
    table.Report(i, i, std::array{Scalar{"train/loss", 1}});
    log->info("from this one");
  }
  other.join();
  const std::vector<std::string> lines = terminal.lines();
  ASSERT_THAT(lines, SizeIs(100 + 5));
  EXPECT_TRUE(std::all_of(lines.begin(), lines.begin() + 100,
                          [](const std::string& line) { return line.find("from") != line.npos; }));
}

TEST_F(RunLogTest, NamesTheFileThatCannotBeOpened) {
  RealFileSystem().Create(folder_.path() / "file");
  try {
    MakeRunLog(folder_.path() / "file", table_);
    ADD_FAILURE() << "opened a log below a file";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr((folder_.path() / "file/dqnd.log").string()));
  }
}

TEST_F(RunLogTest, SaysOnceThatItIsNoLongerWrittenAndStillReachesTheConsole) {
  const auto log = MakeRunLog(folder_.path(), table_, {.max_file_bytes = 100, .max_files = 1});
  RealFileSystem().Remove(folder_.path() / "dqnd.log");
  RealFileSystem().CreateFolders(folder_.path() / "dqnd.log");  // the next rotation cannot open it
  for (int i = 0; i < 6; ++i) log->info("line {} of some length, so that the log rotates", i);
  EXPECT_THAT(pipe_.written(), HasSubstr("line 5 of some length"));
  const std::string notice = "the log is no longer written";
  const size_t first = pipe_.written().find(notice);
  ASSERT_NE(first, std::string::npos) << pipe_.written();
  EXPECT_EQ(pipe_.written().find(notice, first + 1), std::string::npos);
}

}  // namespace
}  // namespace dqnd
