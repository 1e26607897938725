#include "env_bridge/ale/atari_preprocessing.h"

#include <algorithm>
#include <cstdint>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dqnd {
namespace {

using testing::Each;

constexpr int kHeight = 210;
constexpr int kWidth = 160;
constexpr int kSize = 84;

void Fill(std::span<uint8_t> frame, uint8_t gray) {
  std::fill(frame.begin(), frame.end(), gray);
}

TEST(AtariPreprocessing, ShowsTheBrighterOfTheLastTwoFrames) {
  AtariPreprocessing preprocessing(kHeight, kWidth, kSize, 4);
  Fill(preprocessing.second_newest_frame(), 90);
  Fill(preprocessing.newest_frame(), 40);
  preprocessing.Present();
  EXPECT_THAT(preprocessing.observation(), Each(90));

  Fill(preprocessing.second_newest_frame(), 10);
  Fill(preprocessing.newest_frame(), 40);
  preprocessing.Present();
  EXPECT_THAT(preprocessing.observation(), Each(40));
}

TEST(AtariPreprocessing, ShowsTheFirstFrameOfAGameAlone) {
  AtariPreprocessing preprocessing(kHeight, kWidth, kSize, 4);
  Fill(preprocessing.second_newest_frame(), 90);
  Fill(preprocessing.newest_frame(), 40);
  preprocessing.PresentFirst();
  EXPECT_THAT(preprocessing.observation(), Each(40));
}

TEST(AtariPreprocessing, ShowsThePictureBeforeWhenAnEnvStepEndsAtOnce) {
  AtariPreprocessing preprocessing(kHeight, kWidth, kSize, 4);
  Fill(preprocessing.second_newest_frame(), 90);
  Fill(preprocessing.newest_frame(), 40);
  preprocessing.Present();
  preprocessing.Present();
  EXPECT_THAT(preprocessing.observation(), Each(90));
}

TEST(AtariPreprocessing, ShowsSingleFramesWithoutFrameSkip) {
  AtariPreprocessing preprocessing(kHeight, kWidth, kSize, 1);
  Fill(preprocessing.newest_frame(), 90);
  preprocessing.PresentFirst();
  Fill(preprocessing.newest_frame(), 40);
  preprocessing.Present();
  EXPECT_THAT(preprocessing.observation(), Each(40));
}

TEST(AtariPreprocessing, GoesOnFromASavedState) {
  AtariPreprocessing saved(kHeight, kWidth, kSize, 4);
  Fill(saved.second_newest_frame(), 20);
  Fill(saved.newest_frame(), 40);
  saved.Present();
  ByteWriter writer;
  saved.SaveState(writer);

  AtariPreprocessing loaded(kHeight, kWidth, kSize, 4);
  ByteReader reader(writer.bytes());
  loaded.LoadState(reader);
  EXPECT_THAT(loaded.observation(), Each(40));
  EXPECT_EQ(reader.remaining(), 0u);
  // An env_step that ends right after its second newest frame was kept.
  for (AtariPreprocessing* each : {&saved, &loaded}) {
    Fill(each->second_newest_frame().first(kWidth * kHeight / 2), 70);
    each->Present();
  }
  EXPECT_TRUE(std::ranges::equal(saved.observation(), loaded.observation()));
  EXPECT_EQ(loaded.observation().front(), 70);
  EXPECT_EQ(loaded.observation().back(), 40);
}

TEST(AtariPreprocessing, RefusesAStateOfAnotherScreen) {
  ByteWriter writer;
  AtariPreprocessing(250, kWidth, kSize, 4).SaveState(writer);
  AtariPreprocessing loaded(kHeight, kWidth, kSize, 4);
  ByteReader reader(writer.bytes());
  EXPECT_THROW(loaded.LoadState(reader), std::runtime_error);
}

}  // namespace
}  // namespace dqnd
