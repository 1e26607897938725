#include "env_bridge/rpc/recording_writer.h"

#include <system_error>

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "base/fault_injecting_file_system.h"
#include "dqnd/v1/recording.pb.h"
#include "env_bridge/make_environment.h"
#include "tests/env_bridge/rpc/plain_decoder.h"

namespace dqnd {
namespace {

class RecordingWriterTest : public testing::Test {
 protected:
  RecordingWriterTest() { game_->Reset(1); }

  // Plays Catch for so many env_steps, and returns the pictures that were shown.
  std::vector<Image> Show(RecordingWriter& writer, int env_steps) {
    std::vector<Image> pictures;
    for (int i = 0; i < env_steps; ++i) {
      Moment moment;
      moment.step.emplace().result = game_->Step(1);
      game_->Render(moment.picture);
      pictures.push_back(moment.picture);
      writer.Show(moment);
      if (moment.step->result.done()) game_->Reset();
    }
    return pictures;
  }

  FaultInjectingFileSystem files_;
  const std::unique_ptr<Environment> game_ = MakeEnvironment({.id = "catch"});
};

TEST_F(RecordingWriterTest, HoldsEveryPictureAndWhenToShowIt) {
  RecordingWriter writer(files_, "/run/best/episodes.dqnrec", "a run", game_->spec(), 777);
  const std::vector<Image> pictures = Show(writer, 1000);
  EXPECT_FALSE(files_.Exists("/run/best/episodes.dqnrec"));
  writer.Keep();

  const std::string content = files_.Read("/run/best/episodes.dqnrec");
  ByteReader reader(content);
  EXPECT_EQ(reader.Raw(8), "DQNDREC1");
  const auto next = [&reader](auto& message) {
    const std::string_view bytes = reader.Raw(reader.U32());
    ASSERT_TRUE(message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
  };
  v1::RecordingHeader header;
  next(header);
  EXPECT_EQ(header.run_name(), "a run");
  EXPECT_EQ(header.environment().id(), "catch");
  EXPECT_EQ(header.env_steps(), 777);
  PlainDecoder decoder;
  for (int64_t i = 0; i < 1000; ++i) {
    v1::RecordedMoment recorded;
    next(recorded);
    ASSERT_EQ(recorded.time_microseconds(), i * 200'000);  // five a second
    ASSERT_EQ(decoder.Decode(recorded.moment().picture()), pictures[i]);
  }
  EXPECT_EQ(reader.remaining(), 0u);
}

TEST_F(RecordingWriterTest, LeavesNothingUnlessItIsKept) {
  {
    RecordingWriter writer(files_, "/run/best/episodes.dqnrec", "", game_->spec(), 0);
  }
  EXPECT_TRUE(files_.List("/run/best").empty());
}

TEST_F(RecordingWriterTest, AFullDiskSpoilsTheRecordingAndLeavesTheOlderOne) {
  files_.CreateFolders("/run/best");
  files_.Create("/run/best/episodes.dqnrec")->Append("older");
  RecordingWriter writer(files_, "/run/best/episodes.dqnrec", "", game_->spec(), 0);
  files_.FailAllAfter(0, {.error = ENOSPC});
  Show(writer, 5000);
  EXPECT_THROW(writer.Keep(), std::system_error);
  files_.Heal();
  EXPECT_EQ(files_.Read("/run/best/episodes.dqnrec"), "older");
}

}  // namespace
}  // namespace dqnd
