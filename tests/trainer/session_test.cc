// A run that is interrupted and goes on, against one that never was: the same bits.
#include "trainer/session.h"

#include <cerrno>
#include <chrono>
#include <map>
#include <optional>
#include <sstream>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>

#include "base/fault_injecting_file_system.h"
#include "trainer/metrics/console.h"
#include "trainer/network/safetensors.h"
#include "trainer/run_directory.h"

namespace dqnd {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::ThrowsMessage;
using Operation = FaultInjectingFileSystem::Operation;

// A process of a run on a disk that survives it.
class Disk {
 public:
  Disk() {
    files.CreateFolders("/run");
    files.SyncFolder("/");
  }

  // Runs one process until the configured end, or to an earlier one.
  TrainingLoop::Ending Run(const Config& config, std::optional<int64_t> env_steps = std::nullopt) {
    at::set_num_threads(static_cast<int>(*config.train.threads));
    Config until = config;
    if (env_steps) until.train.total_env_steps = *env_steps;
    Session session({.config = until, .run = "/run"}, files, log);
    return session.Run({});
  }

  // The files that must not depend on how often the run was interrupted, of its newest checkpoint.
  std::map<std::string, std::string> Result() {
    const StoredCheckpoint newest(files, "/run", CheckpointStore::List(files, "/run").front());
    newest.Verify();
    std::map<std::string, std::string> result;
    for (const FileRecord& file : newest.manifest().files) {
      if (file.name != kConfigFile) result[file.name] = newest.Read(file.name);
    }
    for (const FileRecord& segment : newest.manifest().segments) {
      result[segment.name] = newest.ReadSegment(segment);
    }
    result["evaluations.csv"] = files.Read("/run/evaluations.csv");
    result["progress.csv"] = WithoutTimes(files.Read("/run/progress.csv"));
    return result;
  }

  std::string Log() { return text.str(); }

  FaultInjectingFileSystem files;
  std::ostringstream text;
  spdlog::logger log{"run", std::make_shared<spdlog::sinks::ostream_sink_mt>(text)};

 private:
  // time/total_timesteps, time/time_elapsed, time/fps, the rest.
  static std::string WithoutTimes(const std::string& csv) {
    std::istringstream lines(csv);
    std::string result;
    for (std::string line; std::getline(lines, line);) {
      const size_t first = line.find(','), third = line.find(',', line.find(',', first + 1) + 1);
      result += line.substr(0, first) + line.substr(third) + "\n";
    }
    return result;
  }
};

Config Parse(const std::string& yaml, int64_t threads = 1,
             const std::vector<std::string>& overrides = {}) {
  Config config = ParseConfig(yaml, "test", overrides);
  config.train.threads = threads;
  return config;
}

const char kSmall[] =
    "replay: {buffer_size: 200}\n"
    "train: {total_env_steps: 600, learning_starts: 100, target_update_interval: 50, "
    "batch_size: 8}\n"
    "exploration: {decay_env_steps: 200}\n"
    "evaluation: {every_env_steps: 150, episodes: 2}\n"
    "checkpoint: {every_env_steps: 70}\n"
    "metrics: {every_env_steps: 40}\n";

Config Catch(const std::string& rest = kSmall) {
  return Parse("environment: {id: catch}\nnetwork: {architecture: mlp, hidden_sizes: [16]}\n" +
               rest);
}

// One configuration a family of environments, network, backend, optimizer and number of threads.
std::vector<Config> RunsOfEveryFamily() {
  const std::string mlp = "network: {architecture: mlp}\n";
  std::vector<Config> runs = {
      Parse("environment: {id: catch, n_envs: 3}\n" + mlp + kSmall),
      Parse(std::string("environment: {id: \"minatar:breakout\"}\n") + kSmall),
      Parse(std::string("environment: {id: \"minatar:seaquest\", n_envs: 2, frame_stack: 2}\n") +
                kSmall,
            2),
      Parse(std::string("environment: {id: \"minatar:asterix\"}\n") + kSmall),
      Parse(std::string("environment: {id: \"minatar:freeway\"}\n") + kSmall),
      Parse(std::string("environment: {id: \"minatar:space_invaders\"}\n") + kSmall),
      Parse("environment: {id: \"classic:cartpole\"}\noptimizer: {name: rmsprop_nature}\n" + mlp +
                kSmall,
            2),
      Parse("environment: {id: \"classic:acrobot\"}\noptimizer: {name: rmsprop, centered: true}\n" +
            mlp + kSmall),
      Parse("environment: {id: \"classic:mountain_car\"}\noptimizer: {name: adam}\n" + mlp +
            kSmall),
      Parse(
          "environment: {id: catch}\nnetwork: {architecture: mlp, backend: bnn, actor: packed}\n" +
          std::string(kSmall)),
      Parse("environment: {id: \"minatar:breakout\"}\nnetwork: {backend: xnor_net, first_layer: "
            "binary, normalisation: batch}\n" +
                std::string(kSmall),
            2),
      Parse("environment: {id: \"classic:cartpole\"}\nnetwork: {architecture: mlp, backend: "
            "binary_connect}\n" +
            std::string(kSmall))};
#ifdef DQND_WITH_ALE
  for (const int64_t threads : {1, 2}) {
    runs.push_back(Parse(
        "environment: {id: \"ale:breakout\", repeat_action_probability: 0.25, life_loss: terminal, "
        "max_episode_env_steps: 60}\n"
        "network: {architecture: nature_cnn}\noptimizer: {name: adam}\n" +
            std::string(kSmall),
        threads, {threads == 1 ? "replay.codec=none" : "replay.codec=lz4"}));
  }
#endif
  return runs;
}

class InterruptedRun : public ::testing::TestWithParam<Config> {};

// Stopped before learning, after the memory wrapped, in mid-episode, between reports and
// evaluations.
TEST_P(InterruptedRun, EndsWithTheBitsOfOneThatNeverWas) {
  Disk untouched, interrupted;
  untouched.Run(GetParam());
  for (const int64_t env_steps : {7, 130, 131, 333, 500}) {
    interrupted.Run(GetParam(), env_steps);
    interrupted.files.LosePower();
  }
  interrupted.Run(GetParam());
  EXPECT_EQ(interrupted.Result(), untouched.Result());
  EXPECT_THAT(interrupted.Log(), Not(HasSubstr("passed over")));
}

INSTANTIATE_TEST_SUITE_P(EveryFamily, InterruptedRun, ::testing::ValuesIn(RunsOfEveryFamily()),
                         [](const auto& info) { return std::to_string(info.index); });

// Every moment of a run is tried, but under the sanitizers, which make each try ten times as long
// and look for other things, every 17th.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int64_t kStride = 17;
#else
constexpr int64_t kStride = 1;
#endif

// Loses power at every file operation of a run, and goes on each time from what had been
// synced.
TEST(Session, APowerLossAtAnyMomentCostsNoBit) {
  const Config config = Catch();
  Disk untouched;
  untouched.Run(config);
  const int64_t operations = untouched.files.operations();
  ASSERT_GT(operations, 400);
  for (int64_t moment = 0; moment < operations; moment += kStride) {
    SCOPED_TRACE("power lost after operation " + std::to_string(moment));
    Disk disk;
    disk.files.FailAllAfter(moment, {.error = EIO});
    try {
      disk.Run(config);
    } catch (const std::exception&) {
    }
    disk.files.Heal();
    disk.files.LosePower();
    if (!disk.files.Exists("/run")) disk.files.CreateFolders("/run");
    disk.Run(config);
    ASSERT_EQ(disk.Result(), untouched.Result());
  }
}

// One operation fails, in every way and at every place, and the run goes on in the same process.
TEST(Session, ADiskThatFailsOnceCostsNothing) {
  const Config config = Catch();
  Disk untouched;
  untouched.Run(config);
  const int64_t operations = untouched.files.operations();
  const std::vector<FaultInjectingFileSystem::Fault> faults = {
      {.error = ENOSPC, .landing_bytes = 7},
      {.error = EIO},
      {.error = EDQUOT, .landing_bytes = 100}};
  int64_t ended = 0;
  for (int64_t failing = 0; failing < operations; failing += kStride) {
    SCOPED_TRACE("operation " + std::to_string(failing) + " fails");
    Disk disk;
    disk.files.FailAfter(failing, faults[static_cast<size_t>(failing) % faults.size()]);
    try {
      disk.Run(config);
    } catch (const std::runtime_error&) {  // at the start, or in the last checkpoint
      ++ended;
      disk.Run(config);
    }
    disk.files.Heal();  // where the run needed fewer operations
    ASSERT_EQ(disk.Result(), untouched.Result());
  }
  EXPECT_LT(ended, operations / kStride / 4);
}

TEST(Session, AFullDiskIsSaidAndTrainingGoesOn) {
  Disk disk;
  disk.Run(Catch(), 200);
  disk.files.FailEvery(Operation::kCreate, {.error = ENOSPC});
  EXPECT_THROW(disk.Run(Catch(), 400), std::exception);
  disk.files.Heal();
  disk.Run(Catch());
  Disk untouched;
  untouched.Run(Catch());
  EXPECT_EQ(disk.Result(), untouched.Result());
}

TEST(Session, SaysWhereItGoesOnFrom) {
  Disk disk;
  disk.Run(Catch(), 200);
  EXPECT_THAT(disk.Log(), Not(HasSubstr("resumed")));
  disk.Run(Catch(), 300);
  EXPECT_THAT(disk.Log(), HasSubstr("resumed from checkpoint 000000000200 at env_step 200"));
  EXPECT_THAT(disk.Log(), Not(HasSubstr("bits may differ")));
}

TEST(Session, SaysThatBitsMayDifferWithOtherThreadsWhereLibTorchComputes) {
  for (const LearnerKind learner : {LearnerKind::kReference, LearnerKind::kDirect}) {
    Disk disk;
    Config config = Catch();
    config.train.learner = learner;
    disk.Run(config, 200);
    config.train.threads = 2;
    disk.Run(config, 300);
    if (learner == LearnerKind::kReference) {
      EXPECT_THAT(disk.Log(),
                  AllOf(HasSubstr("bits may differ"), HasSubstr("train.threads 2 here, 1 there")));
    } else {
      EXPECT_THAT(disk.Log(), Not(HasSubstr("bits may differ")));
    }
  }
}

TEST(Session, RecordsChangedResultKeysInEveryManifestFromThereOn) {
  Disk disk;
  disk.Run(Catch(), 200);
  Config other = Catch();
  other.train.gamma = 0.5;
  disk.Run(other, 300);
  disk.Run(other, 400);
  const StoredCheckpoint newest(disk.files, "/run",
                                CheckpointStore::List(disk.files, "/run").front());
  EXPECT_THAT(newest.manifest().changes,
              ElementsAre(ConfigChange{200, "train.gamma: 0.5 here, 0.99 there"}));
}

TEST(Session, ARunIsCompleteOnceItsLastCheckpointSaysSoAndNoLongerWhenItIsMadeLonger) {
  Disk disk;
  EXPECT_FALSE(IsComplete(disk.files, "/run", Catch()));
  disk.Run(Catch());
  EXPECT_TRUE(IsComplete(disk.files, "/run", Catch()));
  Config longer = Catch();
  longer.train.total_env_steps = 700;
  EXPECT_FALSE(IsComplete(disk.files, "/run", longer));
  disk.Run(longer);
  Disk untouched;
  untouched.Run(longer);
  EXPECT_EQ(disk.Result(), untouched.Result());
}

TEST(Session, BeginsWithTheWeightsOfAnotherRun) {
  Disk disk;
  disk.Run(Catch(), 300);
  const std::string name = CheckpointStore::List(disk.files, "/run").front();
  Config config = Catch();
  config.train.init_from = "/run/checkpoints/" + name + "/network.safetensors";
  config.run.seed = 5;
  disk.files.CreateFolders("/other");
  Session session({.config = config, .run = "/other"}, disk.files, disk.log);
  const auto tensors = session.dqn().learner().Tensors();
  const std::string saved = StoredCheckpoint(disk.files, "/run", name).Read("network.safetensors");
  EXPECT_EQ(EncodeSafetensors(tensors.at("network"), {{"env_steps", "300"}}), saved);
  EXPECT_EQ(EncodeSafetensors(tensors.at("target"), {{"env_steps", "300"}}), saved);
}

// The run has a copy of its teacher: it goes on to the same bits when the teacher's run is gone.
TEST(Session, ARunThatLearnsFromATeacherGoesOnWithoutTheTeachersRun) {
  Config config = Catch();
  config.network.backend = Backend::kXnorNet;
  config.train.teacher_acts = true;
  std::vector<std::map<std::string, std::string>> results;
  for (const bool interrupted : {false, true}) {
    Disk disk;
    disk.Run(Catch(), 300);
    const std::filesystem::path teacher =
        "/run/checkpoints/" + CheckpointStore::List(disk.files, "/run").front();
    disk.files.CreateFolders("/teacher");
    for (const char* name : {"network.safetensors", "config.yaml"}) {
      disk.files.Rename(teacher / name, std::filesystem::path("/teacher") / name);
    }
    disk.files.Rename("/run", "/old");
    disk.files.CreateFolders("/run");
    disk.files.SyncFolder("/");
    config.train.teacher = "/teacher/network.safetensors";
    if (interrupted) {
      disk.Run(config, 333);
      disk.files.LosePower();
      disk.files.Rename("/teacher", "/gone");
    }
    disk.Run(config);
    results.push_back(disk.Result());
  }
  EXPECT_EQ(results[0], results[1]);
}

TEST(Session, ATeacherOfAnotherGameIsRefused) {
  Disk disk;
  disk.Run(Parse("environment: {id: \"classic:cartpole\"}\nnetwork: {architecture: mlp}\n" +
                 std::string(kSmall)),
           100);
  Config config = Catch();
  config.train.teacher = "/run/checkpoints/" + CheckpointStore::List(disk.files, "/run").front() +
                         "/network.safetensors";
  disk.files.CreateFolders("/other");
  EXPECT_THAT([&] { Session({.config = config, .run = "/other"}, disk.files, disk.log); },
              ThrowsMessage<std::invalid_argument>(
                  HasSubstr("has learned classic:cartpole, and this run plays catch")));
  EXPECT_FALSE(disk.files.Exists("/other/teacher"));
}

TEST(Session, AnotherTeacherTakesThePlaceOfTheFirstOnesCopy) {
  Disk disk;
  disk.Run(Catch(), 300);
  const std::vector<std::string> names = CheckpointStore::List(disk.files, "/run");
  ASSERT_GE(names.size(), 2);
  disk.files.CreateFolders("/other");
  for (const std::string& name : {names[0], names[1]}) {
    Config config = Catch();
    config.train.teacher = "/run/checkpoints/" + name + "/network.safetensors";
    Session session({.config = config, .run = "/other"}, disk.files, disk.log);
    EXPECT_EQ(disk.files.Read("/other/teacher/network.safetensors"),
              disk.files.Read(*config.train.teacher));
  }
}

// Requests a stop when the run reports an env_step: just before what else is due there.
class StopAtReport : public Console {
 public:
  explicit StopAtReport(std::string report) : report_(std::move(report)) {}
  void Write(std::string_view text) override {
    if (text.find(report_) != std::string_view::npos) source_.request_stop();
  }
  std::optional<TerminalSize> terminal_size() override { return std::nullopt; }
  std::stop_token token() const { return source_.get_token(); }

 private:
  const std::string report_;
  std::stop_source source_;
};

// The process ends before whoever stops it loses patience, and the next goes on from the checkpoint
// before.
TEST(Session, ADiskThatDoesNotAnswerDoesNotKeepAStoppedRunAlive) {
  Config config = Catch();
  config.run.stop_grace_seconds = 1;
  Disk disk;
  disk.Run(config, 200);
  {
    StopAtReport console("env_steps 280/600");  // while the checkpoint of 210 hangs
    ConsoleTable table(console, 600);
    Session session({.config = config, .run = "/run", .console = &table}, disk.files, disk.log);
    disk.files.Hang(Operation::kSync);
    const auto begun = std::chrono::steady_clock::now();
    EXPECT_EQ(session.Run(console.token()), TrainingLoop::Ending::kStoppedInHaste);
    EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(20));
    EXPECT_THAT(disk.Log(), HasSubstr("will go on from checkpoint 200"));
    disk.files.Heal();
  }
  disk.Run(config);
  Disk untouched;
  untouched.Run(config);
  EXPECT_EQ(disk.Result(), untouched.Result());
}

// One that is given up leaves no trace, and is played again from its beginning by the next process;
// also the last one, after which the run is complete.
TEST(Session, AnInterruptedEvaluationIsPlayedAgain) {
  Config config = Catch();
  config.metrics.every_env_steps = 150;
  Disk untouched;
  untouched.Run(config);
  for (const std::string moment : {"300", "600"}) {
    Disk interrupted;
    {
      StopAtReport console("env_steps " + moment + "/600");
      ConsoleTable table(console, 600);
      Session session({.config = config, .run = "/run", .console = &table}, interrupted.files,
                      interrupted.log);
      EXPECT_EQ(session.Run(console.token()), TrainingLoop::Ending::kStopped);
      EXPECT_TRUE(session.state().evaluation_due);
      EXPECT_EQ(std::to_string(session.dqn().env_steps()), moment);
    }
    EXPECT_FALSE(IsComplete(interrupted.files, "/run", config));
    interrupted.Run(config);
    EXPECT_TRUE(IsComplete(interrupted.files, "/run", config));
    EXPECT_EQ(interrupted.Result(), untouched.Result());
  }
}

}  // namespace
}  // namespace dqnd
