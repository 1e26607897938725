#include "trainer/metrics/record_file.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <system_error>

#include "base/fault_injecting_file_system.h"

namespace dqnd {
namespace {

using Operation = FaultInjectingFileSystem::Operation;

TEST(RecordFile, TakesBackARecordOfWhichOnlyAPartLanded) {
  FaultInjectingFileSystem files;
  RecordFile records(files.Create("/a"));
  records.Append("first|");
  files.FailEvery(Operation::kAppend, {.error = ENOSPC, .landing_bytes = 3});
  EXPECT_THROW(records.Append("second|"), std::system_error);
  EXPECT_EQ(files.Read("/a"), "first|");
  EXPECT_EQ(records.bytes(), 6u);
  files.Heal();
  records.Append("third|");
  EXPECT_EQ(files.Read("/a"), "first|third|");
  EXPECT_EQ(records.bytes(), 12u);
}

TEST(RecordFile, MakesUpForACutThatFailedBeforeItWritesOn) {
  FaultInjectingFileSystem files;
  RecordFile records(files.Create("/a"));
  records.Append("first|");
  files.FailEvery(Operation::kAppend, {.error = EIO, .landing_bytes = 3});
  files.FailEvery(Operation::kTruncate, {.error = EIO});
  EXPECT_THROW(records.Append("second|"), std::system_error);
  EXPECT_EQ(files.Read("/a"), "first|sec");
  EXPECT_EQ(records.bytes(), 6u);
  files.Heal();
  files.FailEvery(Operation::kTruncate, {.error = EIO});
  EXPECT_THROW(records.Append("third|"), std::system_error);
  EXPECT_EQ(files.Read("/a"), "first|sec");
  files.Heal();
  records.Append("fourth|");
  EXPECT_EQ(files.Read("/a"), "first|fourth|");
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
