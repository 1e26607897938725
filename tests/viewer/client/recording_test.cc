#include "viewer/client/recording.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <random>
#include <sstream>
#include <stdexcept>

#include "tests/base/temporary_folder.h"
#include "tests/viewer/fake_game.h"
#include "viewer/client/recorder.h"
#include "viewer/client/recording_player.h"

namespace dqnd {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;
using testing::ThrowsMessage;

constexpr int64_t kStepMicroseconds = 66'667;

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

void WriteFile(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

class Recording : public testing::Test {
 protected:
  // A game of so many decisions, of which the first moments before the recording are missing.
  void Record(int moments) {
    v1::RecordingHeader header;
    header.set_run_name("breakout");
    RecordingWriter writer(path_, header);
    FakeGame game;
    PictureDecoder pictures;
    pictures.Decode(game.Encode(true));
    for (int i = 0; i < moments; ++i) {
      game.Step(-1);
      const v1::Moment moment = game.NextMoment(false, false, false);
      pictures.Decode(moment.picture());
      shown_.push_back(ToRgba(pictures.picture()).rgba);
      writer.Write(i * kStepMicroseconds, moment, pictures);
    }
    writer.Close();
  }

  const TemporaryFolder folder_;
  const std::filesystem::path path_ = folder_.path() / "x.dqnrec";
  std::vector<std::vector<uint8_t>> shown_;
};

TEST_F(Recording, PlaysWhatWasRecordedFromAnyMoment) {
  Record(200);
  RecordingPlayer player(path_);
  ASSERT_EQ(player.recording().moments(), 200u);
  EXPECT_EQ(player.shown().picture->rgba, shown_[0]);
  for (const size_t moment : {199, 0, 100, 101, 99, 30, 29, 198}) {
    player.SeekMoment(moment);
    EXPECT_EQ(player.shown().picture->rgba, shown_[moment]) << moment;
    EXPECT_EQ(player.shown().step->env_step(), static_cast<int64_t>(moment) + 1);
  }
}

TEST_F(Recording, HasAKeyPictureEveryFewSeconds) {
  Record(200);
  RecordingReader reader(path_);
  for (size_t i = 0; i < reader.moments(); ++i) {
    EXPECT_LE(reader.time_microseconds(i) - reader.time_microseconds(reader.KeyBefore(i)),
              4'000'000);
  }
  EXPECT_LT(ReadFile(path_).size(), 200u * 400u);
}

TEST_F(Recording, PlaysAsFastAsItIsTold) {
  Record(100);
  RecordingPlayer player(path_);
  EXPECT_EQ(player.seconds_until_next(), std::nullopt);
  player.Play();
  EXPECT_NEAR(*player.seconds_until_next(), 0.0667, 1e-3);
  player.SetSpeed(4);
  EXPECT_NEAR(*player.seconds_until_next(), 0.0667 / 4, 1e-3);
  player.Advance(0.5);
  EXPECT_EQ(player.moment(), 29u);
  player.Advance(1000);
  EXPECT_TRUE(player.at_end());
  EXPECT_FALSE(player.playing());
  player.Play();
  EXPECT_EQ(player.moment(), 0u);
  player.StepMoment(-1);
  EXPECT_EQ(player.moment(), 0u);
  player.StepMoment(1);
  EXPECT_EQ(player.moment(), 1u);
  EXPECT_FALSE(player.playing());
  player.SetSpeed(1000);
  EXPECT_EQ(player.speed(), 32);
}

TEST_F(Recording, LeavesOutALastMomentThatWasCutOff) {
  Record(10);
  const std::string whole = ReadFile(path_);
  for (const size_t cut : {1, 5, 40}) {
    WriteFile(path_, whole.substr(0, whole.size() - cut));
    RecordingReader reader(path_);
    EXPECT_EQ(reader.moments(), 9u);
    EXPECT_THAT(reader.remark(), HasSubstr("cut off at its end"));
  }
}

TEST_F(Recording, ALengthThatNoMessageHasEndsItThere) {
  Record(10);
  const std::string whole = ReadFile(path_);
  WriteFile(path_, whole + std::string(200, '\xff'));
  RecordingReader reader(path_);
  EXPECT_EQ(reader.moments(), 10u);
  EXPECT_THAT(reader.remark(), HasSubstr("4294967295 bytes"));
}

TEST_F(Recording, SaysThatAPictureIsDamaged) {
  {
    RecordingWriter writer(path_, {});
    FakeGame game;
    PictureDecoder pictures;
    for (int i = 0; i < 10; ++i) {
      game.Step(-1);
      v1::Moment moment = game.NextMoment(i == 0, false, false);
      pictures.Decode(moment.picture());
      if (i == 5) moment.mutable_picture()->set_pixels_lz4("nonsense");
      writer.Write(i * kStepMicroseconds, moment, pictures);
    }
    writer.Close();
  }
  RecordingPlayer player(path_);
  EXPECT_EQ(player.remark(), "");
  player.SeekMoment(4);
  EXPECT_EQ(player.remark(), "");
  player.SeekMoment(9);
  EXPECT_EQ(player.remark(), "Some pictures of this recording are damaged");
  EXPECT_EQ(player.moment(), 9u);

  const std::string whole = ReadFile(path_);
  WriteFile(path_, whole.substr(0, whole.size() - 1));
  RecordingPlayer cut(path_);
  EXPECT_THAT(cut.remark(), StartsWith("This file is cut off at its end"));
  cut.SeekMoment(8);
  EXPECT_THAT(cut.remark(), EndsWith(". Some pictures of this recording are damaged"));
}

TEST_F(Recording, SaysWhatAFileIsThatIsNone) {
  WriteFile(path_, "RIFF");
  EXPECT_THAT([&] { RecordingReader reader(path_); },
              ThrowsMessage<std::runtime_error>(HasSubstr("no recording of dqnd")));
  WriteFile(path_, std::string("DQNDREC1\xff\xff\xff\x7f", 12));
  EXPECT_THAT([&] { RecordingReader reader(path_); },
              ThrowsMessage<std::runtime_error>(HasSubstr("damaged header")));
  WriteFile(path_, std::string("DQNDREC1\0\0\0\0", 12));
  EXPECT_THAT([&] { RecordingReader reader(path_); },
              ThrowsMessage<std::runtime_error>(HasSubstr("no moment")));
  EXPECT_THAT([&] { RecordingReader reader(folder_.path() / "missing"); },
              ThrowsMessage<std::runtime_error>(HasSubstr("No such file")));
  EXPECT_THROW(RecordingReader reader(folder_.path()), std::runtime_error);
}

TEST_F(Recording, NeverReplacesAFile) {
  WriteFile(path_, "precious");
  EXPECT_THAT([&] { Record(1); }, ThrowsMessage<std::runtime_error>(HasSubstr("is there already")));
  EXPECT_EQ(ReadFile(path_), "precious");
}

TEST_F(Recording, OfNothingLeavesNoFile) {
  Record(0);
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(Recording, SurvivesAnyDamage) {
  Record(40);
  const std::string whole = ReadFile(path_);
  std::mt19937 random(1);
  int played = 0;
  for (int i = 0; i < 300; ++i) {
    std::string bytes = whole;
    for (int changes = 0; changes < 8; ++changes) {
      bytes[random() % bytes.size()] = static_cast<char>(random());
    }
    WriteFile(path_, bytes);
    try {
      RecordingPlayer player(path_);
      for (size_t moment = 0; moment < player.recording().moments(); moment += 3) {
        player.SeekMoment(moment);
      }
      player.SeekMoment(0);
      ++played;
    } catch (const std::runtime_error&) {
    }
  }
  EXPECT_GT(played, 100);
}

TEST(RecordingName, IsOneThatFileSystemsLike) {
  EXPECT_THAT(RecordingName("my run/2", 0),
              testing::MatchesRegex("my_run_2-[0-9]{8}-[0-9]{6}\\.dqnrec"));
}

}  // namespace
}  // namespace dqnd
