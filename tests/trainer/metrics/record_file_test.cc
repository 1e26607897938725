#include "trainer/metrics/record_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <stdexcept>
#include <string>
#include <system_error>

#include "base/fault_injecting_file_system.h"

namespace dqnd {
namespace {

using ::testing::HasSubstr;
using Operation = FaultInjectingFileSystem::Operation;

TEST(RecordFile, KeepsARecordOfWhichOnlyAPartLandedForTheNextTime) {
  FaultInjectingFileSystem files;
  RecordFile records(files.Create("/a"));
  records.Append("first|");
  files.FailEvery(Operation::kAppend, {.error = ENOSPC, .landing_bytes = 3});
  records.Append("second|");
  EXPECT_EQ(files.Read("/a"), "first|");
  EXPECT_EQ(records.bytes(), 6u);
  EXPECT_THAT(records.problem(), HasSubstr("No space left"));
  EXPECT_THROW(records.Flush(), std::system_error);
  files.Heal();
  records.Append("third|");
  EXPECT_EQ(files.Read("/a"), "first|second|third|");
  EXPECT_EQ(records.bytes(), 19u);
  EXPECT_EQ(records.problem(), "");
}

TEST(RecordFile, MakesUpForACutThatFailedBeforeItWritesOn) {
  FaultInjectingFileSystem files;
  RecordFile records(files.Create("/a"));
  records.Append("first|");
  files.FailEvery(Operation::kAppend, {.error = EIO, .landing_bytes = 3});
  files.FailEvery(Operation::kTruncate, {.error = EIO});
  records.Append("second|");
  EXPECT_EQ(files.Read("/a"), "first|sec");
  EXPECT_EQ(records.bytes(), 6u);
  files.Heal();
  files.FailEvery(Operation::kTruncate, {.error = EIO});
  records.Append("third|");
  EXPECT_EQ(files.Read("/a"), "first|sec");
  files.Heal();
  records.Flush();
  EXPECT_EQ(files.Read("/a"), "first|second|third|");
}

TEST(RecordFile, GivesUpWhenTooMuchWaits) {
  FaultInjectingFileSystem files;
  RecordFile records(files.Create("/a"));
  files.FailEvery(Operation::kAppend, {.error = ENOSPC});
  const std::string megabyte(1 << 20, 'x');
  for (int i = 0; i < 64; ++i) records.Append(megabyte);
  EXPECT_THROW(records.Append("x"), std::runtime_error);
}

TEST(RecordFile, CountsWhatWasThereAsWhole) {
  FaultInjectingFileSystem files;
  files.Create("/a")->Append("old|");
  RecordFile records(files.OpenForAppend("/a"));
  records.Append("new|");
  EXPECT_EQ(records.bytes(), 8u);
}

}  // namespace
}  // namespace dqnd
