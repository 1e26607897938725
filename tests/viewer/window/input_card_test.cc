#include "viewer/window/input_card.h"

#include <gtest/gtest.h>

#include <cstring>
#include <limits>

namespace dqnd {
namespace {

DecodedInput Input(v1::ElementType type, int height, int width, int channels, int stack,
                   std::vector<uint8_t> elements) {
  DecodedInput input;
  input.observation.set_element_type(type);
  input.observation.set_height(height);
  input.observation.set_width(width);
  input.observation.set_channels(channels);
  input.observation.set_stack(stack);
  input.elements = std::move(elements);
  return input;
}

TEST(DrawInput, LaysStackedPicturesSideBySideOldestFirst) {
  const InputPicture picture =
      DrawInput(Input(v1::ELEMENT_TYPE_UINT8, 2, 1, 1, 2, {10, 20, 30, 40}));
  EXPECT_EQ(picture.tiles, 2);
  EXPECT_EQ(picture.width, 2);
  EXPECT_EQ(picture.height, 2);
  // Rows of both tiles: 10 and 30, then 20 and 40.
  EXPECT_EQ(picture.rgba[0], 10);
  EXPECT_EQ(picture.rgba[4], 30);
  EXPECT_EQ(picture.rgba[8], 20);
  EXPECT_EQ(picture.rgba[12], 40);
}

TEST(DrawInput, DrawsPlanesOfZeroAndOneInAColourEach) {
  const InputPicture picture =
      DrawInput(Input(v1::ELEMENT_TYPE_UINT8, 1, 3, 2, 1, {1, 0, 0, 1, 0, 0}));
  const auto pixel = [&](size_t at) {
    return std::vector<uint8_t>(picture.rgba.begin() + static_cast<long>(at) * 4,
                                picture.rgba.begin() + static_cast<long>(at) * 4 + 3);
  };
  EXPECT_NE(pixel(0), pixel(1));
  EXPECT_EQ(pixel(2), (std::vector<uint8_t>{0, 0, 0}));
}

TEST(DrawInput, SurvivesNumbersThatAreNone) {
  std::vector<uint8_t> elements(8);
  const float values[] = {std::numeric_limits<float>::quiet_NaN(), 2.0f};
  std::memcpy(elements.data(), values, sizeof values);
  const InputPicture picture = DrawInput(Input(v1::ELEMENT_TYPE_FLOAT32, 1, 2, 1, 1, elements));
  EXPECT_EQ(picture.rgba[0], 0);
  EXPECT_EQ(picture.rgba[4], 255);
}

TEST(DrawInput, ShowsTheNewestOfALongStack) {
  std::vector<uint8_t> elements(20);
  for (size_t i = 0; i < elements.size(); ++i) elements[i] = static_cast<uint8_t>(i + 1);
  const InputPicture picture = DrawInput(Input(v1::ELEMENT_TYPE_UINT8, 1, 1, 1, 20, elements));
  EXPECT_EQ(picture.tiles, 8);
  EXPECT_EQ(picture.rgba[0], 13);
}

}  // namespace
}  // namespace dqnd
