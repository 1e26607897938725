#include "env_bridge/ale/resize_area.h"

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <xxhash.h>

namespace dqnd {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::ElementsAreArray;

// Noise that any language draws alike: the high bytes of a linear congruential generator.
std::vector<uint8_t> Noise(int size, uint32_t state) {
  std::vector<uint8_t> noise(size);
  for (uint8_t& value : noise) {
    state = state * 1664525 + 1013904223;
    value = static_cast<uint8_t>(state >> 24);
  }
  return noise;
}

std::vector<uint8_t> Shrink(const std::vector<uint8_t>& picture, int height, int width, int size) {
  AreaResizer resizer(height, width, size, size);
  resizer.Shrink(picture);
  return {resizer.shrunk().begin(), resizer.shrunk().end()};
}

// What cv2.resize of OpenCV 5.0 with INTER_AREA made of the same noise, as XXH3-64 of its bytes.
TEST(AreaResizer, EqualsOpenCvOnNoise) {
  struct Case {
    int height, width, size;
    uint32_t seed;
    uint64_t hash;
  };
  const Case cases[] = {
      {210, 160, 84, 1, 0xece9e887609ff69f}, {210, 160, 84, 2, 0x77d41f0d78e3f980},
      {250, 160, 84, 3, 0xd158d934dc5161ef}, {210, 160, 64, 4, 0xbf936684948b7a35},
      {210, 160, 96, 5, 0x73eef5d0d3c764ba}, {210, 160, 160, 6, 0xbe49c65b69987d63},
      {210, 160, 21, 7, 0x98ea0920399b3ae7}, {230, 160, 84, 8, 0xaee4a5b2020cd709},
  };
  for (const Case& one : cases) {
    const std::vector<uint8_t> shrunk =
        Shrink(Noise(one.height * one.width, one.seed), one.height, one.width, one.size);
    EXPECT_EQ(XXH3_64bits(shrunk.data(), shrunk.size()), one.hash)
        << one.width << " x " << one.height << " to " << one.size;
  }
}

TEST(AreaResizer, EqualsOpenCvPixelByPixelOnASmallPicture) {
  EXPECT_THAT(Shrink(Noise(7 * 5, 9), 7, 5, 3),
              ElementsAre(85, 150, 43, 165, 111, 89, 117, 109, 166));
}

TEST(AreaResizer, KeepsAFlatPictureFlatAtEveryGrey) {
  AreaResizer resizer(210, 160, 84, 84);
  for (int gray = 0; gray < 256; ++gray) {
    const std::vector<uint8_t> picture(size_t{210} * 160, static_cast<uint8_t>(gray));
    resizer.Shrink(picture);
    EXPECT_THAT(resizer.shrunk(), Each(gray));
  }
}

// Rows that stand still are not computed again: every row in turn is the only one that moves.
TEST(AreaResizer, GivesOfEachPictureWhatANewOneWould) {
  AreaResizer resizer(210, 160, 84, 84);
  std::vector<uint8_t> picture = Noise(210 * 160, 1);
  for (int row = 0; row < 210; ++row) {
    std::ranges::copy(Noise(160, row), picture.begin() + ptrdiff_t{row} * 160);
    resizer.Shrink(picture);
    ASSERT_THAT(resizer.shrunk(), ElementsAreArray(Shrink(picture, 210, 160, 84))) << row;
  }
}

TEST(AreaResizer, RefusesWhatOpenCvComputesDifferently) {
  EXPECT_THROW(AreaResizer(210, 160, 200, 200), std::invalid_argument);  // enlarges
  EXPECT_THROW(AreaResizer(210, 160, 0, 84), std::invalid_argument);
  EXPECT_THROW(AreaResizer(210, 160, 105, 80), std::invalid_argument);  // exactly 2 x 2
  EXPECT_THROW(AreaResizer(210, 160, 210, 160), std::invalid_argument);
}

}  // namespace
}  // namespace dqnd
