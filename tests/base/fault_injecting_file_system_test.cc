#include "base/fault_injecting_file_system.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <memory>
#include <string>
#include <system_error>

namespace dqnd {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Operation = FaultInjectingFileSystem::Operation;

// The errno value that `action` failed with; 0 when it did not fail.
template <typename Action>
int ErrnoOf(Action action) {
  try {
    action();
  } catch (const std::system_error& error) {
    return error.code().value();
  }
  return 0;
}

class FaultInjectingFileSystemTest : public ::testing::Test {
 protected:
  FaultInjectingFileSystemTest() {
    files_.CreateFolders("/run");
    files_.SyncFolder("/");
  }

  FaultInjectingFileSystem files_;
};

TEST_F(FaultInjectingFileSystemTest, PowerLossDropsWhatWasNotSynced) {
  const std::unique_ptr<WritableFile> file = files_.Create("/run/a");
  file->Append("synced");
  file->Sync();
  file->Append(" and not");
  files_.SyncFolder("/run");
  files_.LosePower();
  EXPECT_EQ(files_.Read("/run/a"), "synced");
}

TEST_F(FaultInjectingFileSystemTest, PowerLossDropsANameWhoseFolderWasNotSynced) {
  const std::unique_ptr<WritableFile> file = files_.Create("/run/a");
  file->Append("content");
  file->Sync();
  files_.LosePower();
  EXPECT_THAT(files_.List("/run"), IsEmpty());
}

TEST_F(FaultInjectingFileSystemTest, PowerLossDropsAFolderWhoseOwnNameWasNotSynced) {
  files_.CreateFolders("/run/new");
  files_.Create("/run/new/a")->Sync();
  files_.SyncFolder("/run/new");
  files_.LosePower();
  EXPECT_FALSE(files_.Exists("/run/new"));
}

TEST_F(FaultInjectingFileSystemTest, PowerLossUndoesARenameAndARemovalThatWereNotSynced) {
  files_.Create("/run/a")->Sync();
  files_.Create("/run/b")->Sync();
  files_.SyncFolder("/run");
  files_.Rename("/run/a", "/run/c");
  files_.Remove("/run/b");
  files_.LosePower();
  EXPECT_THAT(files_.List("/run"), ElementsAre("a", "b"));
}

TEST_F(FaultInjectingFileSystemTest, PowerLossUndoesATruncationThatWasNotSynced) {
  const std::unique_ptr<WritableFile> file = files_.Create("/run/a");
  file->Append("content");
  file->Sync();
  files_.SyncFolder("/run");
  file->Truncate(0);
  files_.LosePower();
  EXPECT_EQ(files_.Read("/run/a"), "content");
}

TEST_F(FaultInjectingFileSystemTest, FilesThatWereOpenDoNotWorkAfterAPowerLoss) {
  const std::unique_ptr<WritableFile> file = files_.Create("/run/a");
  files_.LosePower();
  EXPECT_EQ(ErrnoOf([&] { file->Append("x"); }), EBADF);
  EXPECT_EQ(ErrnoOf([&] { file->Truncate(0); }), EBADF);
  EXPECT_EQ(ErrnoOf([&] { file->Sync(); }), EBADF);
}

TEST_F(FaultInjectingFileSystemTest, FailsExactlyTheOperationAsked) {
  files_.FailAfter(2, {.error = EIO});
  const std::unique_ptr<WritableFile> file = files_.Create("/run/a");
  file->Append("x");
  EXPECT_EQ(ErrnoOf([&] { file->Sync(); }), EIO);
  EXPECT_EQ(ErrnoOf([&] { file->Sync(); }), 0);
}

TEST_F(FaultInjectingFileSystemTest, AFailedOperationChangesNothing) {
  files_.Create("/run/a")->Append("x");
  files_.FailAfter(0, {.error = EIO});
  EXPECT_EQ(ErrnoOf([&] { files_.Create("/run/a"); }), EIO);
  files_.FailAfter(0, {.error = EIO});
  EXPECT_EQ(ErrnoOf([&] { files_.Remove("/run/a"); }), EIO);
  EXPECT_EQ(files_.Read("/run/a"), "x");
}

TEST_F(FaultInjectingFileSystemTest, FailsEveryOperationOfAKindUntilHealed) {
  files_.FailEvery(Operation::kSync, {.error = ENOSPC});
  const std::unique_ptr<WritableFile> file = files_.Create("/run/a");
  file->Append("x");
  EXPECT_EQ(ErrnoOf([&] { file->Sync(); }), ENOSPC);
  EXPECT_EQ(ErrnoOf([&] { file->Sync(); }), ENOSPC);
  files_.Heal();
  EXPECT_EQ(ErrnoOf([&] { file->Sync(); }), 0);
}

TEST_F(FaultInjectingFileSystemTest, AShortWriteLandsInPart) {
  const std::unique_ptr<WritableFile> file = files_.Create("/run/a");
  files_.FailAfter(0, {.error = ENOSPC, .landing_bytes = 3});
  EXPECT_EQ(ErrnoOf([&] { file->Append("content"); }), ENOSPC);
  EXPECT_EQ(file->size(), 3u);
  EXPECT_EQ(files_.Read("/run/a"), "con");
}

// Plays WriteFileDurably with its first, second, ... operation failing, each time with a power loss
// after it.
TEST_F(FaultInjectingFileSystemTest, WriteFileDurablyIsAllOrNothingWhateverFails) {
  WriteFileDurably(files_, "/run/a", "old content");
  const int64_t before = files_.operations();
  WriteFileDurably(files_, "/run/a", "old content");
  const int64_t operations = files_.operations() - before;
  ASSERT_EQ(operations, 5);
  for (int64_t failing = 0; failing < operations; ++failing) {
    files_.FailAfter(failing, {.error = ENOSPC, .landing_bytes = 2});
    EXPECT_EQ(ErrnoOf([&] { WriteFileDurably(files_, "/run/a", "new content"); }), ENOSPC);
    EXPECT_THAT(files_.List("/run"), ElementsAre("a")) << "operation " << failing;
    const bool renamed = failing == operations - 1;
    EXPECT_EQ(files_.Read("/run/a"), renamed ? "new content" : "old content");
    files_.LosePower();
    EXPECT_EQ(files_.Read("/run/a"), "old content") << "operation " << failing;
  }
  WriteFileDurably(files_, "/run/a", "new content");
  files_.LosePower();
  EXPECT_EQ(files_.Read("/run/a"), "new content");
}

}  // namespace
}  // namespace dqnd
