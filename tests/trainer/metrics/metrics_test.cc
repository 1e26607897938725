#include "trainer/metrics/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <limits>
#include <stdexcept>
#include <string>
#include <system_error>

#include "base/fault_injecting_file_system.h"
#include "tests/trainer/metrics/event_reader.h"
#include "tests/trainer/metrics/fake_console.h"
#include "tests/trainer/metrics/http_get.h"

namespace dqnd {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;
using Operation = FaultInjectingFileSystem::Operation;

constexpr const char* kHeader =
    "time/total_timesteps,time/time_elapsed,time/fps,time/episodes,rollout/ep_rew_mean,"
    "rollout/ep_len_mean,rollout/exploration_rate,train/loss,train/n_updates,train/learning_rate,"
    "train/mean_q,train/grad_norm,replay/size,eval/mean_reward,eval/std_reward,"
    "eval/mean_ep_length\n";
constexpr ReportTime kTime = {.elapsed_seconds = 10, .unix_seconds = 1.7e9};

class MetricsTest : public ::testing::Test {
 protected:
  MetricsTest() {
    files_.CreateFolders("/run");
    files_.SyncFolder("/");
  }
  std::string EventFilePath() {
    for (const std::string& name : files_.List("/run")) {
      if (name.starts_with("events.out.tfevents.")) return "/run/" + name;
    }
    throw std::runtime_error("no event file");
  }
  size_t EventCount() { return ReadRecords(files_.Read(EventFilePath())).size(); }

  FaultInjectingFileSystem files_;
  FakePipe pipe_;
  ConsoleTable table_{pipe_, 100'000};
};

TEST_F(MetricsTest, SendsARowEverywhere) {
  Metrics metrics({.console = &table_, .prometheus = "127.0.0.1:0"}, files_, "/run", 1.7e9);
  metrics.Report(1000, kTime, std::array{Scalar{"rollout/ep_rew_mean", 1.5}});
  EXPECT_THAT(pipe_.written(), StartsWith("env_steps 1000/100000 (1 %)"));
  EXPECT_THAT(pipe_.written(), HasSubstr("ep_rew_mean 1.5"));
  EXPECT_EQ(files_.Read("/run/progress.csv"), std::string(kHeader) + "1000,10,,,1.5,,,,,,,,,,,\n");
  EXPECT_EQ(EventCount(), 2u);
  EXPECT_THAT(files_.Read(EventFilePath()), HasSubstr("rollout/ep_rew_mean"));
  EXPECT_THAT(files_.Read(EventFilePath()), HasSubstr("time/total_timesteps"));
  const std::string answer = HttpGet(*metrics.prometheus_port(), "/metrics");
  EXPECT_THAT(answer, HasSubstr("\ndqnd_rollout_ep_rew_mean 1.5\n"));
  EXPECT_THAT(answer, HasSubstr("\ndqnd_env_steps 1000\n"));
}

TEST_F(MetricsTest, TakesTheStepAndTheTimeFromTheReportItself) {
  Metrics metrics({.tensorboard = false}, files_, "/run", 1.7e9);
  metrics.Report(1000, kTime,
                 std::array{Scalar{"time/total_timesteps", 5}, Scalar{"time/time_elapsed", 5}});
  EXPECT_THAT(files_.Read("/run/progress.csv"), EndsWith("\n1000,10,,,,,,,,,,,,,,\n"));
}

TEST_F(MetricsTest, WritesAnEvaluationToItsOwnFileAndReportsItsMeans) {
  Metrics metrics({.console = &table_}, files_, "/run", 1.7e9);
  metrics.ReportEvaluation({.env_steps = 50'000,
                            .mean_reward = 9.5,
                            .std_reward = 0.5,
                            .mean_ep_length = 120,
                            .episodes = 10},
                           kTime);
  EXPECT_EQ(files_.Read("/run/evaluations.csv"),
            "env_steps,mean_reward,std_reward,mean_ep_length,episodes\n50000,9.5,0.5,120,10\n");
  EXPECT_EQ(files_.Read("/run/progress.csv"),
            std::string(kHeader) + "50000,10,,,,,,,,,,,,9.5,0.5,120\n");
  EXPECT_THAT(files_.Read(EventFilePath()), HasSubstr("eval/mean_reward"));
  EXPECT_THAT(pipe_.written(), HasSubstr("eval_mean_reward 9.5"));
}

TEST_F(MetricsTest, LeaveOutWhatIsNotKnownYet) {
  Metrics metrics({}, files_, "/run", 1.7e9);
  metrics.Report(1, kTime,
                 std::array{Scalar{"train/loss", std::numeric_limits<double>::quiet_NaN()}});
  EXPECT_THAT(files_.Read("/run/progress.csv"), EndsWith("\n1,10,,,,,,,,,,,,,,\n"));
  EXPECT_THAT(files_.Read(EventFilePath()), Not(HasSubstr("train/loss")));
}

TEST_F(MetricsTest, WriteOnlyWhatIsWanted) {
  Metrics metrics({.csv = false, .tensorboard = false}, files_, "/run", 1.7e9);
  metrics.Report(1, kTime, {});
  metrics.ReportEvaluation({}, kTime);
  metrics.Advance(2, 11);
  EXPECT_THAT(files_.List("/run"), IsEmpty());
  EXPECT_THAT(metrics.lengths(), IsEmpty());
  EXPECT_FALSE(metrics.prometheus_port().has_value());
}

TEST_F(MetricsTest, OfAResumedRunContinueTheCsvFilesAndBeginANewEventFile) {
  Metrics({}, files_, "/run", 1.7e9).Report(1, kTime, {});
  Metrics({.resumed_at_env_step = 1}, files_, "/run", 1.7e9).Report(2, kTime, {});
  EXPECT_EQ(files_.Read("/run/progress.csv"),
            std::string(kHeader) + "1,10,,,,,,,,,,,,,,\n2,10,,,,,,,,,,,,,,\n");
  EXPECT_THAT(files_.List("/run"),
              ElementsAre("evaluations.csv", EndsWith(".0"), EndsWith(".1"), "progress.csv"));
}

TEST_F(MetricsTest, SurviveAPowerLossUpToTheLengthsThatWereSynced) {
  Metrics metrics({}, files_, "/run", 1.7e9);
  metrics.Report(1, kTime, {});
  metrics.Flush();
  const std::vector<FileLength> lengths = metrics.lengths();
  for (const std::string& name : metrics.open_files()) files_.OpenForAppend("/run/" + name)->Sync();
  files_.SyncFolder("/run");
  metrics.Report(2, kTime, {});
  files_.LosePower();
  ASSERT_THAT(lengths, SizeIs(3));
  for (const FileLength& length : lengths) {
    EXPECT_EQ(files_.Read("/run/" + length.name).size(), length.bytes) << length.name;
  }
}

// Fails each file operation of a report in turn: the files stay readable, and no row is lost.
TEST_F(MetricsTest, LoseNoRowWhicheverWriteFails) {
  Metrics metrics({.console = &table_}, files_, "/run", 1.7e9);
  const EvaluationRow row = {.env_steps = 1, .mean_reward = 2, .episodes = 3};
  const int64_t before = files_.operations();
  metrics.ReportEvaluation(row, kTime);
  const int64_t operations = files_.operations() - before;
  ASSERT_EQ(operations, 3);
  const std::string progress = files_.Read("/run/progress.csv");
  const std::string one_row = progress.substr(progress.find('\n') + 1);
  for (int64_t failing = 0; failing < operations; ++failing) {
    files_.FailAfter(failing, {.error = ENOSPC, .landing_bytes = 5});
    metrics.ReportEvaluation(row, kTime);
    EXPECT_THAT(metrics.problem(), HasSubstr("/run/"));
  }
  metrics.ReportEvaluation(row, kTime);
  EXPECT_EQ(metrics.problem(), "");
  EXPECT_EQ(EventCount(), 1u + 5u);
  EXPECT_EQ(files_.Read("/run/progress.csv"),
            kHeader + one_row + one_row + one_row + one_row + one_row);
  EXPECT_THAT(files_.Read("/run/evaluations.csv"),
              EndsWith("episodes\n1,2,0,0,3\n1,2,0,0,3\n1,2,0,0,3\n1,2,0,0,3\n1,2,0,0,3\n"));
}

TEST_F(MetricsTest, AreCutBackToWhatACheckpointRecorded) {
  std::vector<FileLength> recorded;
  {
    Metrics metrics({}, files_, "/run", 1.7e9);
    metrics.Report(1, kTime, {});
    recorded = metrics.lengths();
    metrics.Report(2, kTime, {});
  }
  Metrics({}, files_, "/run", 1.8e9).Report(3, kTime, {});
  EXPECT_THAT(CutMetricsBack(files_, "/run", recorded), IsEmpty());
  EXPECT_EQ(files_.Read("/run/progress.csv"), std::string(kHeader) + "1,10,,,,,,,,,,,,,,\n");
  EXPECT_THAT(files_.List("/run"), ElementsAre("evaluations.csv", EndsWith(".0"), "progress.csv"));
  for (const FileLength& file : recorded) {
    EXPECT_EQ(files_.Read("/run/" + file.name).size(), file.bytes);
  }
}

TEST_F(MetricsTest, RememberTheFilesOfEarlierProcesses) {
  const std::vector<FileLength> earlier = {{"events.out.tfevents.1", 7}, {"progress.csv", 9}};
  const Metrics metrics({.csv = false, .earlier = earlier}, files_, "/run", 1.7e9);
  const std::vector<FileLength> lengths = metrics.lengths();
  ASSERT_THAT(lengths, SizeIs(3));
  EXPECT_EQ(lengths[0], earlier[0]);
  EXPECT_EQ(lengths[1], earlier[1]);
}

TEST_F(MetricsTest, ThatWereLostAreNamedWhenTheyAreCutBack) {
  files_.Create("/run/progress.csv")->Append("12345");
  std::vector<FileLength> recorded = {{"progress.csv", 6}, {"evaluations.csv", 1}};
  EXPECT_THAT(CutMetricsBack(files_, "/run", recorded),
              ElementsAre("evaluations.csv is gone", "progress.csv has 5 bytes, it had 6"));
  EXPECT_THAT(recorded, ElementsAre(FileLength{"progress.csv", 5}));
}

TEST_F(MetricsTest, SayWhichFileCannotBeCreated) {
  try {
    Metrics({}, files_, "/missing", 1.7e9);
    ADD_FAILURE() << "wrote into a folder that is not there";
  } catch (const std::system_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("/missing/progress.csv"));
  }
}

}  // namespace
}  // namespace dqnd
