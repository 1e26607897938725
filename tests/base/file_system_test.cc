#include "base/file_system.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <functional>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include "base/fault_injecting_file_system.h"
#include "tests/base/temporary_folder.h"

namespace dqnd {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// The error that `action` throws; fails the test when it throws none.
std::system_error ErrorOf(const std::function<void()>& action) {
  try {
    action();
  } catch (const std::system_error& error) {
    return error;
  }
  ADD_FAILURE() << "no std::system_error was thrown";
  return std::system_error(std::error_code());
}

// What both implementations promise, played on each.
class FileSystemTest : public ::testing::TestWithParam<bool> {
 protected:
  FileSystemTest() : files_(GetParam() ? RealFileSystem() : in_memory_) {
    if (!GetParam()) in_memory_.CreateFolders(folder_.path());
  }

  std::filesystem::path Path(const std::string& name) const { return folder_.path() / name; }
  void Write(const std::string& name, const std::string& content) {
    files_.Create(Path(name))->Append(content);
  }

  TemporaryFolder folder_;
  FaultInjectingFileSystem in_memory_;
  FileSystem& files_;
};

INSTANTIATE_TEST_SUITE_P(, FileSystemTest, ::testing::Bool(), [](const auto& real) {
  return std::string(real.param ? "Real" : "InMemory");
});

TEST_P(FileSystemTest, ReadsBackEveryByteThatWasAppended) {
  std::string content(300'000, '\0');
  for (size_t i = 0; i < content.size(); ++i) content[i] = static_cast<char>(i * 31 >> 3);
  const std::unique_ptr<WritableFile> file = files_.Create(Path("a"));
  file->Append(content);
  file->Append("");
  file->Append("end");
  EXPECT_EQ(file->size(), content.size() + 3);
  EXPECT_EQ(files_.Read(Path("a")), content + "end");
}

TEST_P(FileSystemTest, CreateEmptiesTheFileThatWasThere) {
  Write("a", "long content");
  Write("a", "short");
  EXPECT_EQ(files_.Read(Path("a")), "short");
}

TEST_P(FileSystemTest, OpenForAppendGoesOnAtTheEnd) {
  files_.OpenForAppend(Path("a"))->Append("one,");
  const std::unique_ptr<WritableFile> file = files_.OpenForAppend(Path("a"));
  EXPECT_EQ(file->size(), 4u);
  file->Append("two");
  file->Sync();
  EXPECT_EQ(files_.Read(Path("a")), "one,two");
}

TEST_P(FileSystemTest, AppendsWhereTheFileWasCutBackTo) {
  const std::unique_ptr<WritableFile> file = files_.Create(Path("a"));
  file->Append("whole|torn");
  file->Truncate(6);
  EXPECT_EQ(file->size(), 6u);
  file->Append("next|");
  EXPECT_EQ(files_.Read(Path("a")), "whole|next|");
}

TEST_P(FileSystemTest, ListsNamesSorted) {
  Write("b", "");
  Write("a", "");
  files_.CreateFolders(Path("c/d"));
  EXPECT_THAT(files_.List(folder_.path()), ElementsAre("a", "b", "c"));
  EXPECT_THAT(files_.List(Path("c")), ElementsAre("d"));
}

TEST_P(FileSystemTest, CreatingAFolderThatExistsIsNoError) {
  files_.CreateFolders(Path("c/d"));
  files_.CreateFolders(Path("c/d"));
  EXPECT_TRUE(files_.Exists(Path("c/d")));
}

TEST_P(FileSystemTest, RenameReplacesTheTarget) {
  Write("old", "old");
  Write("new", "new");
  files_.Rename(Path("new"), Path("old"));
  EXPECT_EQ(files_.Read(Path("old")), "new");
  EXPECT_FALSE(files_.Exists(Path("new")));
}

TEST_P(FileSystemTest, RenamesAFolderWithItsContent) {
  files_.CreateFolders(Path("a.tmp"));
  Write("a.tmp/x", "1");
  files_.Rename(Path("a.tmp"), Path("a"));
  EXPECT_EQ(files_.Read(Path("a/x")), "1");
  EXPECT_THAT(files_.List(folder_.path()), ElementsAre("a"));
}

TEST_P(FileSystemTest, RemovesFilesAndEmptyFoldersButNoFullOnes) {
  files_.CreateFolders(Path("c"));
  Write("c/x", "");
  EXPECT_EQ(ErrorOf([&] { files_.Remove(Path("c")); }).code().value(), ENOTEMPTY);
  files_.Remove(Path("c/x"));
  files_.Remove(Path("c"));
  EXPECT_FALSE(files_.Exists(Path("c")));
}

TEST_P(FileSystemTest, ErrorsNameThePathAndTheReason) {
  const std::system_error error = ErrorOf([&] { files_.Read(Path("missing")); });
  EXPECT_EQ(error.code().value(), ENOENT);
  EXPECT_THAT(error.what(), HasSubstr(Path("missing").string()));
  EXPECT_THAT(error.what(), HasSubstr("No such file or directory"));
}

TEST_P(FileSystemTest, RefusesWhatTheKindOfEntryForbids) {
  Write("file", "");
  files_.CreateFolders(Path("folder"));
  EXPECT_EQ(ErrorOf([&] { files_.Create(Path("folder")); }).code().value(), EISDIR);
  EXPECT_EQ(ErrorOf([&] { files_.Read(Path("folder")); }).code().value(), EISDIR);
  EXPECT_EQ(ErrorOf([&] { files_.List(Path("file")); }).code().value(), ENOTDIR);
  EXPECT_EQ(ErrorOf([&] { files_.List(Path("missing")); }).code().value(), ENOENT);
  EXPECT_EQ(ErrorOf([&] { files_.CreateFolders(Path("file/a")); }).code().value(), ENOTDIR);
  EXPECT_EQ(ErrorOf([&] { files_.Create(Path("missing/a")); }).code().value(), ENOENT);
  EXPECT_EQ(ErrorOf([&] { files_.Create(Path("file/a")); }).code().value(), ENOTDIR);
  EXPECT_EQ(ErrorOf([&] { files_.Rename(Path("missing"), Path("a")); }).code().value(), ENOENT);
  EXPECT_EQ(ErrorOf([&] { files_.Rename(Path("file"), Path("folder")); }).code().value(), EISDIR);
  EXPECT_EQ(ErrorOf([&] { files_.Rename(Path("folder"), Path("file")); }).code().value(), ENOTDIR);
  EXPECT_EQ(ErrorOf([&] { files_.Remove(Path("missing")); }).code().value(), ENOENT);
  EXPECT_EQ(ErrorOf([&] { files_.SyncFolder(Path("missing")); }).code().value(), ENOENT);
  EXPECT_FALSE(files_.Exists(Path("file/a")));
}

TEST_P(FileSystemTest, WriteFileDurablyReplacesTheFileAndLeavesNothingElse) {
  WriteFileDurably(files_, Path("a"), "one");
  WriteFileDurably(files_, Path("a"), "two");
  EXPECT_EQ(files_.Read(Path("a")), "two");
  EXPECT_THAT(files_.List(folder_.path()), ElementsAre("a"));
}

TEST(RealFileSystem, ReportsAFullDisk) {
  const std::unique_ptr<WritableFile> file = RealFileSystem().OpenForAppend("/dev/full");
  const std::system_error error = ErrorOf([&] { file->Append("x"); });
  EXPECT_EQ(error.code().value(), ENOSPC);
  EXPECT_THAT(error.what(), HasSubstr("/dev/full"));
}

}  // namespace
}  // namespace dqnd
