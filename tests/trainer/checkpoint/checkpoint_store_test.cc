#include "trainer/checkpoint/checkpoint_store.h"

#include <cerrno>
#include <optional>
#include <set>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/fault_injecting_file_system.h"
#include "tests/trainer/checkpoint/checkpoint_example.h"

namespace dqnd {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::ThrowsMessage;
using Fault = FaultInjectingFileSystem::Fault;

class CheckpointStoreTest : public ::testing::Test {
 protected:
  CheckpointStoreTest() {
    files_.CreateFolders("/run");
    files_.SyncFolder("/");
  }

  CheckpointStore Store(const Retention& retention = {}) { return {files_, "/run", retention}; }

  // What a new process finds: the env_step it goes on from; nothing when it begins anew.
  std::optional<int64_t> Restored(TinyRun& run) {
    CheckpointStore store = Store();
    store.RemoveUnfinished();
    passed_over_.clear();
    const auto found =
        store.RestoreNewest([&](const StoredCheckpoint& checkpoint) { run.Restore(checkpoint); },
                            [&](const std::string& message) { passed_over_.push_back(message); });
    if (!found) return std::nullopt;
    return found->manifest().env_steps;
  }

  void Damage(const std::string& path, const std::string& content) {
    files_.Create(path)->Append(content);
  }

  FaultInjectingFileSystem files_;
  std::vector<std::string> passed_over_;
};

TEST_F(CheckpointStoreTest, ARunGoesOnFromItsNewestCheckpoint) {
  TinyRun run, resumed;
  CheckpointStore store = Store();
  run.Play(25);
  store.Save(run.Content());
  run.Play(8);
  store.Save(run.Content());
  EXPECT_EQ(Restored(resumed), 33);
  EXPECT_EQ(resumed.Everything(), run.Everything());
  EXPECT_THAT(passed_over_, IsEmpty());
}

TEST_F(CheckpointStoreTest, WithoutACheckpointARunBeginsAnew) {
  TinyRun run;
  EXPECT_EQ(Restored(run), std::nullopt);
}

TEST_F(CheckpointStoreTest, ASegmentIsWrittenOnceHoweverManyCheckpointsNameIt) {
  TinyRun run;
  CheckpointStore store = Store();
  run.Play(35);
  const uint64_t first = store.Save(run.Content());
  run.Play(1);
  const uint64_t second = store.Save(run.Content());
  EXPECT_THAT(files_.List("/run/replay"), ::testing::SizeIs(3));
  EXPECT_LT(second, first);
}

class DamagedFile : public CheckpointStoreTest,
                    public ::testing::WithParamInterface<const char*> {};

TEST_P(DamagedFile, IsNamedAndTheCheckpointBeforeTakesItsPlace) {
  TinyRun run, resumed;
  CheckpointStore store = Store();
  run.Play(25);
  store.Save(run.Content());
  const std::string before = run.Everything();
  run.Play(5);
  store.Save(run.Content());
  const std::string path = std::string("/run/checkpoints/000000000030/") + GetParam();
  std::string content = files_.Read(path);
  content[content.size() / 2] ^= 1;
  Damage(path, content);
  EXPECT_EQ(Restored(resumed), 25);
  EXPECT_EQ(resumed.Everything(), before);
  EXPECT_THAT(passed_over_, ElementsAre(AllOf(HasSubstr("checkpoint 000000000030 is passed over"),
                                              HasSubstr(path))));
}

INSTANTIATE_TEST_SUITE_P(Every, DamagedFile,
                         ::testing::Values("state.bin", "replay_tail", "manifest.json"));

TEST_F(CheckpointStoreTest, ADamagedOrMissingSegmentPassesOverTheCheckpointsThatNameIt) {
  TinyRun run, resumed;
  CheckpointStore store = Store();
  run.Play(15);
  store.Save(run.Content());
  const std::string before = run.Everything();
  run.Play(10);
  store.Save(run.Content());
  const std::vector<std::string> segments = files_.List("/run/replay");
  ASSERT_THAT(segments, ::testing::SizeIs(2));
  Damage("/run/replay/" + segments[1], "short");
  EXPECT_EQ(Restored(resumed), 15);
  EXPECT_EQ(resumed.Everything(), before);
  EXPECT_THAT(passed_over_, ElementsAre(HasSubstr("has 5 bytes, its manifest says")));
  files_.Remove("/run/replay/" + segments[1]);
  EXPECT_EQ(Restored(resumed), 15);
  EXPECT_THAT(passed_over_, ElementsAre(HasSubstr("No such file")));
}

TEST_F(CheckpointStoreTest, WithCheckpointsOfWhichNonePassesNothingIsBegunAnew) {
  TinyRun run;
  CheckpointStore store = Store();
  store.Save(run.Content());
  Damage("/run/checkpoints/000000000000/replay_tail", "");
  EXPECT_THAT([&] { Restored(run); }, ThrowsMessage<DamagedCheckpoint>(AllOf(
                                          HasSubstr("holds 1 checkpoints and none can be restored"),
                                          HasSubstr("--on-existing=new"))));
}

TEST_F(CheckpointStoreTest, LeavesAloneWhatIsNotItsOwn) {
  TinyRun run;
  CheckpointStore store = Store({.keep_last = 1});
  run.Play(25);
  store.Save(run.Content());
  for (const char* stray : {"/run/checkpoints/note", "/run/replay/note.tmp"}) Damage(stray, "mine");
  files_.CreateFolders("/run/checkpoints/12");
  files_.CreateFolders("/run/checkpoints/000000000009");  // this one is: never finished
  store.RemoveUnfinished();
  run.Play(25);
  store.Save(run.Content());
  store.Prune();
  EXPECT_THAT(files_.List("/run/checkpoints"), ElementsAre("000000000050", "12", "note"));
  EXPECT_THAT(files_.List("/run/replay"), ::testing::Contains("note.tmp"));
  TinyRun resumed;
  EXPECT_EQ(Restored(resumed), 50);
}

TEST_F(CheckpointStoreTest, ACheckpointNeverReplacesAnother) {
  TinyRun run, resumed;
  CheckpointStore store = Store();
  run.Play(7);
  for (int i = 0; i < 11; ++i) {
    CheckpointContent content = run.Content();
    content.files[0].second = "number " + std::to_string(i);
    store.Save(std::move(content));
  }
  EXPECT_THAT(CheckpointStore::List(files_, "/run"), ::testing::Contains("000000000007.11"));
  EXPECT_EQ(CheckpointStore::List(files_, "/run").front(), "000000000007.11");
  EXPECT_EQ(StoredCheckpoint(files_, "/run", "000000000007.11").Read("state.bin"), "number 10");
}

TEST_F(CheckpointStoreTest, KeepsTheNewestAndTheFirstAfterEachMultiple) {
  TinyRun run;
  CheckpointStore store = Store({.keep_last = 2, .keep_every = 50});
  for (int i = 0; i < 20; ++i) {
    run.Play(7);
    store.Save(run.Content());
    store.Prune();
  }
  EXPECT_THAT(CheckpointStore::List(files_, "/run"),
              ElementsAre("000000000140", "000000000133", "000000000105", "000000000056"));
  // And exactly the segments that these name.
  std::set<std::string> named;
  for (const std::string& name : CheckpointStore::List(files_, "/run")) {
    const StoredCheckpoint kept(files_, "/run", name);
    EXPECT_NO_THROW(kept.Verify());
    for (const FileRecord& segment : kept.manifest().segments) named.insert(segment.name);
  }
  const std::vector<std::string> there = files_.List("/run/replay");
  EXPECT_EQ(std::set<std::string>(there.begin(), there.end()), named);
}

TEST_F(CheckpointStoreTest, ACheckpointThatWasPassedOverIsKeptUntilASoundOneIsNewer) {
  TinyRun run;
  {
    CheckpointStore store = Store();
    for (int i = 0; i < 3; ++i) {
      run.Play(10);
      store.Save(run.Content());
    }
  }
  Damage("/run/checkpoints/000000000030/replay_tail", "");
  CheckpointStore store = Store({.keep_last = 1});
  TinyRun resumed;
  store.RestoreNewest([&](const StoredCheckpoint& checkpoint) { resumed.Restore(checkpoint); },
                      [](const std::string&) {});
  resumed.Play(5);
  store.Save(resumed.Content());
  store.Prune();
  EXPECT_THAT(CheckpointStore::List(files_, "/run"), ElementsAre("000000000030", "000000000025"));
  resumed.Play(5);
  store.Save(resumed.Content());
  store.Prune();
  EXPECT_THAT(CheckpointStore::List(files_, "/run"), ElementsAre("000000000030.2"));
}

// Fails every operation of a save and prune in turn, in every way that a disk fails, with and
// without a power loss after it: what a new process restores is a checkpoint that was reported
// saved, or the one whose saving failed late; and its content is right.
struct Case {
  Fault fault;
  bool power_loss;
};
class FailingDisk : public ::testing::TestWithParam<Case> {};

TEST_P(FailingDisk, NeverCostsACheckpointThatWasSaved) {
  int64_t operations = 0;
  for (int64_t failing = 0; failing <= operations; ++failing) {
    SCOPED_TRACE("operation " + std::to_string(failing));
    FaultInjectingFileSystem files;
    files.CreateFolders("/run");
    files.SyncFolder("/");
    CheckpointStore store(files, "/run", {.keep_last = 1});
    TinyRun run;
    run.Play(25);
    store.Save(run.Content());
    const std::string at_25 = run.Everything();
    run.Play(22);
    const std::string at_47 = run.Everything();

    const int64_t before = files.operations();
    files.FailAfter(failing, GetParam().fault);
    bool saved = false;
    try {
      store.Save(run.Content());
      saved = true;
      store.Prune();
    } catch (const std::runtime_error&) {
    }
    operations = std::max(operations, files.operations() - before);
    files.Heal();
    if (GetParam().power_loss) files.LosePower();

    CheckpointStore reopened(files, "/run", {.keep_last = 1});
    reopened.RemoveUnfinished();
    TinyRun resumed;
    const auto found = reopened.RestoreNewest(
        [&](const StoredCheckpoint& checkpoint) { resumed.Restore(checkpoint); },
        [](const std::string& message) { ADD_FAILURE() << message; });
    ASSERT_TRUE(found.has_value());
    if (saved) {
      EXPECT_EQ(found->manifest().env_steps, 47);
    }
    EXPECT_EQ(resumed.Everything(), found->manifest().env_steps == 47 ? at_47 : at_25);

    // And the run goes on: the next checkpoint succeeds, and leaves nothing behind.
    resumed.Play(13);
    reopened.Save(resumed.Content());
    reopened.Prune();
    EXPECT_THAT(CheckpointStore::List(files, "/run"), ::testing::SizeIs(1));
    EXPECT_NO_THROW(
        StoredCheckpoint(files, "/run", CheckpointStore::List(files, "/run")[0]).Verify());
  }
  EXPECT_GT(operations, 30);
}

INSTANTIATE_TEST_SUITE_P(EveryWay, FailingDisk,
                         ::testing::Values(Case{{.error = ENOSPC}, false},
                                           Case{{.error = ENOSPC, .landing_bytes = 7}, true},
                                           Case{{.error = EIO}, true},
                                           Case{{.error = EIO, .landing_bytes = 20}, false},
                                           Case{{.error = EROFS}, true}));

}  // namespace
}  // namespace dqnd
