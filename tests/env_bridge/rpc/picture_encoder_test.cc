#include "env_bridge/rpc/picture_encoder.h"

#include <gtest/gtest.h>

#include "base/random_stream.h"
#include "env_bridge/make_environment.h"
#include "tests/env_bridge/rpc/plain_decoder.h"

namespace dqnd {
namespace {

TEST(PictureEncoder, WhatAViewerDecodesIsWhatTheGameDrew) {
  for (const char* id : {"catch", "minatar:seaquest", "classic:cartpole"}) {
    const auto game = MakeEnvironment({.id = id});
    game->Reset(1);
    PictureEncoder encoder;
    PlainDecoder decoder;
    RandomStream random(1, "actions");
    Image drawn;
    for (int env_step = 0; env_step < 300; ++env_step) {
      game->Render(drawn);
      v1::Picture picture;
      encoder.Encode(drawn, picture);
      ASSERT_EQ(picture.key(), env_step % PictureEncoder::kPicturesPerKey == 0);
      ASSERT_EQ(decoder.Decode(picture), drawn) << id << " at " << env_step;
      if (game->Step(static_cast<int>(random.Below(game->spec().num_actions()))).done()) {
        game->Reset();
      }
    }
  }
}

TEST(PictureEncoder, AnotherSizeOrOtherColoursMakeAKeyPicture) {
  PictureEncoder encoder;
  PlainDecoder decoder;
  const auto encode = [&](const Image& image) {
    v1::Picture picture;
    encoder.Encode(image, picture);
    EXPECT_EQ(decoder.Decode(picture), image);
    return picture.key();
  };
  Image image{.width = 2, .height = 1, .palette = {0, 0, 0, 255, 255, 255}, .pixels = {0, 1}};
  EXPECT_TRUE(encode(image));
  EXPECT_FALSE(encode(image));
  image.palette[0] = 9;
  EXPECT_TRUE(encode(image));
  image = {.width = 1, .height = 1, .palette = {}, .pixels = {1, 2, 3}};
  EXPECT_TRUE(encode(image));
  image.pixels = {3, 2, 1};
  EXPECT_FALSE(encode(image));
}

#ifdef DQND_WITH_ALE
TEST(PictureEncoder, BreakoutAtSixtyFramesASecondNeedsLessThanAMegabitASecond) {
  const auto game = MakeEnvironment({.id = "ale:breakout"});
  game->Reset(1);
  PictureEncoder encoder;
  Image drawn;
  size_t bytes = 0, frames = 0;
  const auto encode = [&] {
    game->Render(drawn);
    v1::Picture picture;
    encoder.Encode(drawn, picture);
    bytes += picture.ByteSizeLong();
    ++frames;
  };
  game->SetFrameObserver(encode);
  RandomStream random(1, "actions");
  while (frames < 3600) {
    if (game->Step(static_cast<int>(random.Below(4))).done()) game->Reset();
    encode();
  }
  const double bits_per_second =
      8.0 * static_cast<double>(bytes) / static_cast<double>(frames) * 60;
  RecordProperty("kilobits_per_second", static_cast<int>(bits_per_second / 1000));
  EXPECT_LT(bits_per_second, 1e6);
}
#endif

}  // namespace
}  // namespace dqnd
