#include "trainer/checkpoint/checkpoint_writer.h"

#include <cerrno>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/fault_injecting_file_system.h"
#include "tests/trainer/checkpoint/checkpoint_example.h"

namespace dqnd {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;
using Operation = FaultInjectingFileSystem::Operation;

class CheckpointWriterTest : public ::testing::Test {
 protected:
  CheckpointWriterTest() { files_.CreateFolders("/run"); }

  FaultInjectingFileSystem files_;
  CheckpointStore store_{files_, "/run", {}};
  TinyRun run_;
};

TEST_F(CheckpointWriterTest, WritesWhatItWasHandedInOrderAndTellsWhatBecameOfIt) {
  CheckpointWriter writer(store_);
  run_.Play(35);
  for (const auto& segment : run_.memory().sealed_segments()) writer.Write(segment);
  writer.Wait();
  EXPECT_THAT(files_.List("/run/replay"), SizeIs(3));
  EXPECT_EQ(writer.TakeOutcome(), std::nullopt);
  writer.Write(run_.Content());
  writer.Wait();
  const auto outcome = writer.TakeOutcome();
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->env_steps, 35);
  EXPECT_EQ(outcome->error, "");
  EXPECT_GT(outcome->bytes, 0u);
  EXPECT_EQ(writer.TakeOutcome(), std::nullopt);
  StoredCheckpoint(files_, "/run", "000000000035").Verify();
}

TEST_F(CheckpointWriterTest, SavesWhatTheRunWasWhenItWasHandedOverWhileTheRunGoesOn) {
  std::string then;
  {
    CheckpointWriter writer(store_);
    run_.Play(33);
    then = run_.Everything();
    writer.Write(run_.Content());
    run_.Play(100);
  }
  TinyRun restored;
  restored.Restore(StoredCheckpoint(files_, "/run", "000000000033"));
  EXPECT_EQ(restored.Everything(), then);
}

TEST_F(CheckpointWriterTest, TellsOfAFullDiskAndTheNextCheckpointTriesTheSegmentsAgain) {
  CheckpointWriter writer(store_);
  files_.FailEvery(Operation::kAppend, {.error = ENOSPC});
  run_.Play(25);
  for (const auto& segment : run_.memory().sealed_segments()) writer.Write(segment);
  writer.Write(run_.Content());
  writer.Wait();
  EXPECT_THAT(writer.TakeOutcome().value().error, HasSubstr("No space left"));
  files_.Heal();
  writer.Write(run_.Content());
  writer.Wait();
  EXPECT_EQ(writer.TakeOutcome().value().error, "");
  StoredCheckpoint(files_, "/run", "000000000025").Verify();
}

TEST_F(CheckpointWriterTest, SaysSeparatelyThatOldOnesCouldNotBeRemoved) {
  CheckpointStore store(files_, "/run", {.keep_last = 1});
  CheckpointWriter writer(store);
  writer.Write(run_.Content());
  run_.Play(1);
  writer.Wait();
  files_.FailEvery(Operation::kRemove, {.error = EIO});
  writer.Write(run_.Content());
  writer.Wait();
  const auto outcome = writer.TakeOutcome();
  EXPECT_EQ(outcome.value().error, "");
  EXPECT_THAT(outcome.value().removal_error, HasSubstr("Input/output error"));
}

TEST_F(CheckpointWriterTest, LetsGoOfTheSegmentsThatItHasWritten) {
  CheckpointWriter writer(store_);
  run_.Play(40);
  const std::weak_ptr<const Segment> first = run_.memory().sealed_segments().front();
  writer.Write(run_.Content());
  writer.Wait();
  run_.Play(100);
  EXPECT_TRUE(first.expired());
}

}  // namespace
}  // namespace dqnd
