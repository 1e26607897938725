#include "trainer/run_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "trainer/checkpoint/checkpoint_store.h"
#include "trainer/network/q_network.h"
#include "trainer/network/safetensors.h"

namespace dqnd {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

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
      const RunDirectory directory(RealFileSystem(), config_, {.on_existing = on_existing});
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "";
  }

  // A checkpoint that has a network and nothing else.
  void SaveNetwork(int64_t env_steps, const QNetwork& network) {
    CheckpointContent content;
    content.manifest.env_steps = env_steps;
    content.files = {
        {"network.safetensors", EncodeSafetensors(network.parameters().entries(), {})}};
    CheckpointStore(RealFileSystem(), Path(), {}).Save(std::move(content));
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
  const RunDirectory directory(RealFileSystem(), config_, {.on_existing = OnExisting::kFail});
  const Config read = LoadConfig((Path() / "config.yaml").string());
  EXPECT_EQ(ToYaml(read), ToYaml(config_));
}

TEST_F(RunDirectoryTest, ARunThatCameNoFurtherThanItsLogLeavesItsFolderFree) {
  {
    const RunDirectory directory(RealFileSystem(), config_, {});
  }
  std::ofstream(Path() / "dqnd.log") << "error: no worker\n";
  config_.train.gamma = 0.5;
  EXPECT_EQ(ErrorOf(), "");
  EXPECT_EQ(LoadConfig((Path() / "config.yaml").string()).train.gamma, 0.5);
  std::ofstream(Path() / "progress.csv") << "time/total_timesteps\n";
  config_.train.gamma = 0.9;
  EXPECT_THAT(ErrorOf(), HasSubstr("train.gamma: 0.9 here, 0.5 there"));
}

TEST_F(RunDirectoryTest, AnotherRunsDirectoryIsRefusedNamingWhatDiffersAndNothingIsOverwritten) {
  {
    const RunDirectory directory(RealFileSystem(), config_, {.on_existing = OnExisting::kFail});
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
    const RunDirectory directory(RealFileSystem(), config_, {.on_existing = OnExisting::kFail});
  }
  EXPECT_THAT(ErrorOf(OnExisting::kFail), HasSubstr("holds a run already"));
}

TEST_F(RunDirectoryTest, OnExistingNewMovesTheOldRunAsideWhole) {
  {
    const RunDirectory directory(RealFileSystem(), config_, {.on_existing = OnExisting::kFail});
    SaveNetwork(10, Network());
  }
  const RunDirectory directory(RealFileSystem(), config_, {.on_existing = OnExisting::kNew});
  ASSERT_TRUE(directory.moved_aside());
  EXPECT_TRUE(
      fs::exists(*directory.moved_aside() / "checkpoints/000000000010/network.safetensors"));
  EXPECT_FALSE(fs::exists(Path() / "checkpoints"));
}

TEST_F(RunDirectoryTest, TheSameRunIsOpenedAgainAndItsOperationalKeysMayChange) {
  {
    const RunDirectory directory(RealFileSystem(), config_, {.on_existing = OnExisting::kFail});
  }
  config_.checkpoint.keep_last = 7;
  config_.train.total_env_steps = 2000;
  const RunDirectory directory(RealFileSystem(), config_, {});
  EXPECT_THAT(directory.changes(), IsEmpty());
  EXPECT_EQ(StoredConfig(RealFileSystem(), Path()).value().checkpoint.keep_last, 7);
}

TEST_F(RunDirectoryTest, ResultKeysChangeOnlyWhenThatIsAllowed) {
  {
    const RunDirectory directory(RealFileSystem(), config_, {.on_existing = OnExisting::kFail});
  }
  config_.train.gamma = 0.5;
  EXPECT_THAT(ErrorOf(), HasSubstr("--allow-changes"));
  const RunDirectory directory(RealFileSystem(), config_, {.allow_changes = true});
  EXPECT_THAT(directory.changes(), ElementsAre("train.gamma: 0.5 here, 0.99 there"));
  EXPECT_EQ(StoredConfig(RealFileSystem(), Path()).value().train.gamma, 0.5);
}

TEST_F(RunDirectoryTest, ALinkOutOfItIsRefusedByNameAndNothingIsChanged) {
  {
    const RunDirectory directory(RealFileSystem(), config_, {.on_existing = OnExisting::kFail});
  }
  const fs::path outside = fs::path(config_.run.directory) / "precious";
  std::ofstream(outside) << "precious";
  fs::create_directory(Path() / "checkpoints");
  for (const char* name : {"progress.csv", "checkpoints/000000000001"}) {
    fs::create_symlink(outside, Path() / name);
    EXPECT_THAT(ErrorOf(), AllOf(HasSubstr((Path() / name).string()), HasSubstr("is a link to")));
    fs::remove(Path() / name);
  }
  EXPECT_EQ(RealFileSystem().Read(outside), "precious");
  fs::create_symlink("config.yaml", Path() / "inside");
  EXPECT_EQ(ErrorOf(), "");
}

TEST_F(RunDirectoryTest, TwoOwnersAtOnceAreRefused) {
  const RunDirectory first(RealFileSystem(), config_, {.on_existing = OnExisting::kFail});
  EXPECT_THROW(RunDirectory(RealFileSystem(), config_, {.on_existing = OnExisting::kResume}),
               RunDirectoryLocked);
}

TEST_F(RunDirectoryTest, OthersSeeWhetherItIsHeldAndLeaveNothingBehind) {
  fs::create_directories(Path());
  EXPECT_FALSE(FolderLock::IsHeld(Path()));
  EXPECT_TRUE(fs::is_empty(Path()));
  {
    const RunDirectory owner(RealFileSystem(), config_, {.on_existing = OnExisting::kResume});
    EXPECT_TRUE(FolderLock::IsHeld(Path()));
  }
  EXPECT_FALSE(FolderLock::IsHeld(Path()));
}

TEST_F(RunDirectoryTest, APlaceThatCannotBeAFolderIsRefusedWithThePathAndTheReason) {
  fs::create_directories(config_.run.directory);
  std::ofstream(Path()) << "a file";
  EXPECT_THAT(ErrorOf(), HasSubstr(Path().string()));
}

TEST_F(RunDirectoryTest, ASavedNetworkIsFoundFromTheRunTheCheckpointAndTheFile) {
  const RunDirectory directory(RealFileSystem(), config_, {.on_existing = OnExisting::kFail});
  EXPECT_THROW(FindSavedNetwork(RealFileSystem(), Path()), std::invalid_argument);
  SaveNetwork(10, Network(1));
  SaveNetwork(900, Network(2));
  const fs::path newest = Path() / "checkpoints/000000000900/network.safetensors";
  EXPECT_EQ(FindSavedNetwork(RealFileSystem(), Path()).file, newest);
  SaveBest(RealFileSystem(), Path(), EncodeBest(500, 3.5, Network(3).parameters()));
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
