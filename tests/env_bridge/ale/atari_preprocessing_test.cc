#include "env_bridge/ale/atari_preprocessing.h"

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dqnd {
namespace {

using testing::Each;

constexpr int kHeight = 210;
constexpr int kWidth = 160;
constexpr int kSize = 84;

std::vector<uint8_t> Frame(uint8_t gray) {
  return std::vector<uint8_t>(static_cast<size_t>(kWidth) * kHeight, gray);
}

TEST(AtariPreprocessing, ShowsTheBrighterOfTheLastTwoFrames) {
  AtariPreprocessing preprocessing(kHeight, kWidth, kSize, 4);
  preprocessing.KeepSecondNewest(Frame(90));
  preprocessing.KeepNewest(Frame(40));
  preprocessing.Present();
  EXPECT_THAT(preprocessing.observation(), Each(90));

  preprocessing.KeepSecondNewest(Frame(10));
  preprocessing.KeepNewest(Frame(40));
  preprocessing.Present();
  EXPECT_THAT(preprocessing.observation(), Each(40));
}

TEST(AtariPreprocessing, ShowsTheFirstFrameOfAGameAlone) {
  AtariPreprocessing preprocessing(kHeight, kWidth, kSize, 4);
  preprocessing.KeepSecondNewest(Frame(90));
  preprocessing.KeepNewest(Frame(40));
  preprocessing.PresentFirst();
  EXPECT_THAT(preprocessing.observation(), Each(40));
}

TEST(AtariPreprocessing, ShowsThePictureBeforeWhenAnEnvStepEndsAtOnce) {
  AtariPreprocessing preprocessing(kHeight, kWidth, kSize, 4);
  preprocessing.KeepSecondNewest(Frame(90));
  preprocessing.KeepNewest(Frame(40));
  preprocessing.Present();
  preprocessing.Present();
  EXPECT_THAT(preprocessing.observation(), Each(90));
}

TEST(AtariPreprocessing, ShowsSingleFramesWithoutFrameSkip) {
  AtariPreprocessing preprocessing(kHeight, kWidth, kSize, 1);
  preprocessing.KeepNewest(Frame(90));
  preprocessing.PresentFirst();
  preprocessing.KeepNewest(Frame(40));
  preprocessing.Present();
  EXPECT_THAT(preprocessing.observation(), Each(40));
}

TEST(AtariPreprocessing, GoesOnFromASavedState) {
  AtariPreprocessing saved(kHeight, kWidth, kSize, 4);
  saved.KeepSecondNewest(Frame(20));
  saved.KeepNewest(Frame(40));
  saved.Present();
  ByteWriter writer;
  saved.SaveState(writer);

  AtariPreprocessing loaded(kHeight, kWidth, kSize, 4);
  ByteReader reader(writer.bytes());
  loaded.LoadState(reader);
  EXPECT_THAT(loaded.observation(), Each(40));
  EXPECT_EQ(reader.remaining(), 0u);
  // An env_step that ends right after its second newest frame was kept.
  std::vector<uint8_t> brighter_above = Frame(20);
  std::fill_n(brighter_above.begin(), kWidth * kHeight / 2, uint8_t{70});
  for (AtariPreprocessing* each : {&saved, &loaded}) {
    each->KeepSecondNewest(brighter_above);
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
