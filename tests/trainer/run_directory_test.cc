#include "trainer/run_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "trainer/network/q_network.h"
#include "trainer/network/safetensors.h"

namespace dqnd {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class RunDirectoryTest : public ::testing::Test {
 protected:
  RunDirectoryTest() {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    config_.run.directory =
        (fs::path(::testing::TempDir()) / (std::string(test->name()) + std::to_string(getpid())))
            .string();
    config_.run.name = "a";
    config_.train.total_env_steps = 1000;
  }
  ~RunDirectoryTest() override { fs::remove_all(config_.run.directory); }

  fs::path Path() const { return fs::path(config_.run.directory) / "a"; }

  std::string ErrorOf(OnExisting on_existing = OnExisting::kResume) {
    try {
      const RunDirectory directory(RealFileSystem(), config_, on_existing);
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "";
  }

  Config config_ = ParseConfig("environment: {id: catch}\nnetwork: {architecture: mlp}", "test");
};

QNetwork Network(uint64_t seed = 1) {
  RandomStream init(seed, "init");
  NetworkSection options;
  options.architecture = Architecture::kMlp;
  return QNetwork(options, {.height = 10, .width = 5}, 3, init);
}

TEST_F(RunDirectoryTest, ANewRunWritesItsResolvedConfiguration) {
  const RunDirectory directory(RealFileSystem(), config_, OnExisting::kFail);
  const Config read = LoadConfig((Path() / "config.yaml").string());
  EXPECT_EQ(ToYaml(read), ToYaml(config_));
}

TEST_F(RunDirectoryTest, AnotherRunsDirectoryIsRefusedNamingWhatDiffersAndNothingIsOverwritten) {
  {
    const RunDirectory directory(RealFileSystem(), config_, OnExisting::kFail);
  }
  const std::string before = RealFileSystem().Read(Path() / "config.yaml");
  config_.train.gamma = 0.5;
  EXPECT_THAT(ErrorOf(), HasSubstr("train.gamma: 0.5 here, 0.99 there"));
  EXPECT_EQ(RealFileSystem().Read(Path() / "config.yaml"), before);
}

TEST_F(RunDirectoryTest, ADirectoryThatHoldsNoRunIsRefusedAndLeftAlone) {
  fs::create_directories(Path());
  std::ofstream(Path() / "thesis.tex") << "precious";
  EXPECT_THAT(ErrorOf(), HasSubstr("holds files, but no run"));
  EXPECT_EQ(RealFileSystem().Read(Path() / "thesis.tex"), "precious");
}

TEST_F(RunDirectoryTest, OnExistingFailRefusesTheSameRun) {
  {
    const RunDirectory directory(RealFileSystem(), config_, OnExisting::kFail);
  }
  EXPECT_THAT(ErrorOf(OnExisting::kFail), HasSubstr("holds a run already"));
}

TEST_F(RunDirectoryTest, OnExistingNewMovesTheOldRunAsideWhole) {
  {
    RunDirectory directory(RealFileSystem(), config_, OnExisting::kFail);
    directory.SaveCheckpoint(10, Network().parameters());
  }
  const RunDirectory directory(RealFileSystem(), config_, OnExisting::kNew);
  ASSERT_TRUE(directory.moved_aside());
  EXPECT_TRUE(
      fs::exists(*directory.moved_aside() / "checkpoints/000000000010/network.safetensors"));
  EXPECT_FALSE(directory.LatestCheckpoint());
}

TEST_F(RunDirectoryTest, ARunThatReachedItsEndIsComplete) {
  {
    RunDirectory directory(RealFileSystem(), config_, OnExisting::kFail);
    EXPECT_FALSE(directory.complete());
    directory.SaveCheckpoint(1000, Network().parameters());
  }
  EXPECT_TRUE(RunDirectory(RealFileSystem(), config_, OnExisting::kResume).complete());
}

TEST_F(RunDirectoryTest, AnUnfinishedRunIsNotOverwritten) {
  {
    RunDirectory directory(RealFileSystem(), config_, OnExisting::kFail);
    directory.SaveCheckpoint(400, Network().parameters());
  }
  EXPECT_THAT(ErrorOf(), HasSubstr("--on-existing=new"));
  EXPECT_TRUE(fs::exists(Path() / "checkpoints/000000000400/network.safetensors"));
}

TEST_F(RunDirectoryTest, TwoOwnersAtOnceAreRefused) {
  const RunDirectory first(RealFileSystem(), config_, OnExisting::kFail);
  EXPECT_THROW(RunDirectory(RealFileSystem(), config_, OnExisting::kResume), RunDirectoryLocked);
}

TEST_F(RunDirectoryTest, APlaceThatCannotBeAFolderIsRefusedWithThePathAndTheReason) {
  fs::create_directories(config_.run.directory);
  std::ofstream(Path()) << "a file";
  EXPECT_THAT(ErrorOf(), HasSubstr(Path().string()));
}

TEST_F(RunDirectoryTest, ASavedNetworkIsFoundFromTheRunTheCheckpointAndTheFile) {
  RunDirectory directory(RealFileSystem(), config_, OnExisting::kFail);
  EXPECT_THROW(FindSavedNetwork(RealFileSystem(), Path()), std::invalid_argument);
  directory.SaveCheckpoint(10, Network(1).parameters());
  directory.SaveCheckpoint(900, Network(2).parameters());
  const fs::path newest = Path() / "checkpoints/000000000900/network.safetensors";
  EXPECT_EQ(FindSavedNetwork(RealFileSystem(), Path()).file, newest);
  directory.SaveBest(500, 3.5, Network(3).parameters());
  EXPECT_EQ(FindSavedNetwork(RealFileSystem(), Path()).file, Path() / "best/network.safetensors");
  for (const fs::path& name : {newest.parent_path(), newest}) {
    const SavedNetwork saved = FindSavedNetwork(RealFileSystem(), name);
    EXPECT_EQ(saved.file, newest);
    EXPECT_EQ(saved.config.run.name, "a");
  }
  EXPECT_THROW(FindSavedNetwork(RealFileSystem(), Path() / "config.yaml"), std::invalid_argument);
  EXPECT_THROW(FindSavedNetwork(RealFileSystem(), Path() / "nothing"), std::invalid_argument);
}

}  // namespace
}  // namespace dqnd
