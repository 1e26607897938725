#include "trainer/metrics/event_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <limits>
#include <string>
#include <system_error>

#include "base/fault_injecting_file_system.h"
#include "tests/trainer/metrics/event_reader.h"

namespace dqnd {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using Operation = FaultInjectingFileSystem::Operation;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

class EventFileTest : public ::testing::Test {
 protected:
  std::vector<std::string_view> Records() {
    content_ = files_.Read("/events");
    return ReadRecords(content_);
  }

  FaultInjectingFileSystem files_;
  std::string content_;
};

TEST(EventFileName, IsTheOneThatTensorBoardLooksFor) {
  EXPECT_EQ(EventFileName(1'700'000'000, "host", 42, 1),
            "events.out.tfevents.1700000000.host.42.1");
}

TEST_F(EventFileTest, BeginsWithTheVersion) {
  const EventFile events(files_, "/events", 1.0, std::nullopt);
  EXPECT_THAT(Records(), ElementsAre(EndsWith("\x1a\x0d"
                                              "brain.Event:2")));
  EXPECT_EQ(events.records().bytes(), files_.Read("/events").size());
}

// Bytes worked out by hand from event.proto: wall_time 2.0 (field 1, 64 bit), step 300 (field 2),
// summary (field 5) of one value (field 1) with tag "a" (field 1) and simple_value 1.0 (field 2).
TEST_F(EventFileTest, EncodesARowAsOneEvent) {
  EventFile events(files_, "/events", 1.0, std::nullopt);
  events.AddScalars(300, 2.0, std::array{Scalar{"a", 1.0}});
  const std::string expected(
      "\x09\0\0\0\0\0\0\0\x40"
      "\x10\xac\x02"
      "\x2a\x0a\x0a\x08\x0a\x01"
      "a"
      "\x15\0\0\x80\x3f",
      9 + 3 + 6 + 1 + 5);
  EXPECT_THAT(Records(), ElementsAre(::testing::_, expected));
}

TEST_F(EventFileTest, MarksWhereAResumedRunGoesOn) {
  const EventFile events(files_, "/events", 1.0, 4);
  EXPECT_THAT(Records(), ElementsAre(::testing::_, EndsWith("\x10\x05\x3a\x02\x08\x01")));
}

TEST_F(EventFileTest, LeavesOutNaNAndRowsOfNothingElse) {
  EventFile events(files_, "/events", 1.0, std::nullopt);
  events.AddScalars(1, 1.0, std::array{Scalar{"unknown", kNaN}});
  EXPECT_THAT(Records(), SizeIs(1));
  events.AddScalars(2, 1.0, std::array{Scalar{"unknown", kNaN}, Scalar{"known", 0.0}});
  ASSERT_THAT(Records(), SizeIs(2));
  EXPECT_THAT(std::string(Records()[1]), HasSubstr("known"));
  EXPECT_THAT(std::string(Records()[1]), Not(HasSubstr("unknown")));
}

TEST_F(EventFileTest, StaysReadableAfterAFullDiskAndGoesOnAfterIt) {
  EventFile events(files_, "/events", 1.0, std::nullopt);
  events.AddScalars(1, 1.0, std::array{Scalar{"a", 1.0}});
  files_.FailEvery(Operation::kAppend, {.error = ENOSPC, .landing_bytes = 20});
  events.AddScalars(2, 1.0, std::array{Scalar{"a", 2.0}});
  EXPECT_THAT(Records(), SizeIs(2));
  files_.Heal();
  events.AddScalars(3, 1.0, std::array{Scalar{"a", 3.0}});
  EXPECT_THAT(Records(), SizeIs(4));
  EXPECT_EQ(events.records().bytes(), content_.size());
}

TEST_F(EventFileTest, KeepsWhatWasSyncedThroughAPowerLoss) {
  EventFile events(files_, "/events", 1.0, std::nullopt);
  events.AddScalars(1, 1.0, std::array{Scalar{"a", 1.0}});
  files_.OpenForAppend("/events")->Sync();  // as a checkpoint does
  files_.SyncFolder("/");
  const uint64_t synced_bytes = events.records().bytes();
  events.AddScalars(2, 1.0, std::array{Scalar{"a", 2.0}});
  files_.LosePower();
  EXPECT_THAT(Records(), SizeIs(2));
  EXPECT_EQ(content_.size(), synced_bytes);
}

}  // namespace
}  // namespace dqnd
