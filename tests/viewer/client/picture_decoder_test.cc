#include "viewer/client/picture_decoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <random>

#include "tests/viewer/fake_game.h"
#include "viewer/client/moment_decoder.h"

namespace dqnd {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

v1::Picture SmallPicture() {
  return EncodeKeyPicture({2, 2, {0, 0, 0, 9, 8, 7}, {0, 1, 1, 0}});
}

v1::Picture Difference(int width, int height, const std::vector<uint8_t>& pixels) {
  v1::Picture picture;
  picture.set_width_pixels(width);
  picture.set_height_pixels(height);
  picture.set_pixel_format(v1::PIXEL_FORMAT_INDEXED);
  picture.set_pixels_lz4(CompressBlock(pixels));
  return picture;
}

TEST(PictureDecoder, GivesBackWhatWasEncoded) {
  const DecodedPicture indexed{3, 1, {0, 0, 0, 255, 1, 2}, {1, 0, 1}};
  const DecodedPicture rgb{1, 2, {}, {1, 2, 3, 4, 5, 6}};
  PictureDecoder decoder;
  EXPECT_EQ(decoder.Decode(EncodeKeyPicture(indexed)), indexed);
  EXPECT_EQ(decoder.Decode(EncodeKeyPicture(rgb)), rgb);
}

TEST(PictureDecoder, AppliesDifferencesToThePictureBefore) {
  PictureDecoder decoder;
  decoder.Decode(SmallPicture());
  const DecodedPicture& next = decoder.Decode(Difference(2, 2, {1, 0, 0, 1}));
  EXPECT_EQ(next.pixels, (std::vector<uint8_t>{1, 1, 1, 1}));
  EXPECT_EQ(next.palette_rgb.size(), 6u);
}

TEST(PictureDecoder, FollowsAGameFrameByFrame) {
  FakeGame game;
  PictureDecoder by_differences;
  PictureDecoder by_keys;
  size_t bytes = 0;
  for (int i = 0; i < 300; ++i) {
    game.Step(-1);
    const v1::Picture difference = game.Encode(i == 0);
    bytes += i == 0 ? 0 : difference.pixels_lz4().size();
    EXPECT_EQ(by_differences.Decode(difference), by_keys.Decode(game.Encode(true)));
  }
  EXPECT_LT(bytes / 299, 400u) << "bytes of a difference";
}

TEST(PictureDecoder, TurnsColoursIntoPixelsOfAScreen) {
  PictureDecoder decoder;
  const RgbaPicture rgba = ToRgba(decoder.Decode(SmallPicture()));
  EXPECT_EQ(rgba.rgba,
            (std::vector<uint8_t>{0, 0, 0, 255, 9, 8, 7, 255, 9, 8, 7, 255, 0, 0, 0, 255}));
}

struct BadPicture {
  std::string name;
  std::function<void(v1::Picture&)> make;
  std::string says;
};

class RefusedPicture : public testing::TestWithParam<BadPicture> {};

TEST_P(RefusedPicture, IsRefusedAndTheNextOneMustBeAKey) {
  v1::Picture picture = SmallPicture();
  GetParam().make(picture);
  PictureDecoder decoder;
  decoder.Decode(EncodeKeyPicture({1, 1, {}, {1, 2, 3}}));
  EXPECT_THAT([&] { decoder.Decode(picture); },
              ThrowsMessage<DamagedPicture>(HasSubstr(GetParam().says)));
  EXPECT_FALSE(decoder.has_picture());
  EXPECT_THROW(decoder.Decode(Difference(1, 1, {0})), DamagedPicture);
  EXPECT_NO_THROW(decoder.Decode(SmallPicture()));
}

INSTANTIATE_TEST_SUITE_P(
    All, RefusedPicture,
    testing::Values(
        BadPicture{"ZeroWide", [](auto& p) { p.set_width_pixels(0); }, "0x2 pixels"},
        BadPicture{"NegativelyHigh", [](auto& p) { p.set_height_pixels(-2); }, "2x-2 pixels"},
        BadPicture{"TooWide", [](auto& p) { p.set_width_pixels(8193); }, "1 to 8192"},
        BadPicture{"HugeInFewBytes",
                   [](auto& p) {
                     p.set_width_pixels(8192);
                     p.set_height_pixels(8192);
                   },
                   "cannot hold"},
        BadPicture{"OfNoFormat", [](auto& p) { p.set_pixel_format(v1::PIXEL_FORMAT_UNSPECIFIED); },
                   "format 0"},
        BadPicture{"OfUnknownFormat",
                   [](auto& p) { p.set_pixel_format(static_cast<v1::PixelFormat>(99)); },
                   "format 99"},
        BadPicture{"WithoutPalette", [](auto& p) { p.clear_palette_rgb(); }, "palette of 0"},
        BadPicture{"WithHalfAColour", [](auto& p) { p.mutable_palette_rgb()->push_back('x'); },
                   "palette of 7"},
        BadPicture{"WithTooManyColours", [](auto& p) { p.set_palette_rgb(std::string(771, 'x')); },
                   "palette of 771"},
        BadPicture{"BeyondItsPalette", [](auto& p) { p.mutable_palette_rgb()->resize(3); },
                   "colour 1 with a palette of 1"},
        BadPicture{"WithTooFewPixels", [](auto& p) { p.set_height_pixels(3); }, "decompress"},
        BadPicture{"WithTooManyPixels", [](auto& p) { p.set_height_pixels(1); }, "decompress"},
        BadPicture{"WithoutPixels", [](auto& p) { p.clear_pixels_lz4(); }, "decompress"},
        BadPicture{"WithNoLz4", [](auto& p) { p.set_pixels_lz4("\xff\xff\xff\xff"); },
                   "decompress"},
        BadPicture{"OfDifferencesToAnotherSize", [](auto& p) { p.set_key(false); }, "not there"}),
    [](const auto& info) { return info.param.name; });

TEST(PictureDecoder, NeverBreaksItsPromisesWhateverTheBytesAre) {
  std::mt19937 random(1);
  const auto below = [&](unsigned int limit) { return static_cast<int>(random() % limit); };
  FakeGame game;
  const std::string good = game.NextMoment(true, true, true).SerializeAsString();
  int decoded = 0;
  MomentDecoder decoder;
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes = good;
    for (int changes = below(6); changes >= 0; --changes) {
      bytes[static_cast<size_t>(below(static_cast<unsigned int>(bytes.size())))] =
          static_cast<char>(random());
    }
    v1::Moment moment;
    if (!moment.ParseFromString(bytes)) continue;
    if (below(4) == 0) moment.mutable_picture()->set_key(below(2) == 0);
    if (below(4) == 0) moment.mutable_picture()->set_width_pixels(below(9000));
    try {
      const DecodedMoment result = decoder.Decode(moment);
      ++decoded;
      if (result.picture != nullptr) {
        ASSERT_EQ(result.picture->rgba.size(),
                  size_t{4} * static_cast<size_t>(result.picture->width * result.picture->height));
      }
    } catch (const DamagedPicture&) {
    }
  }
  EXPECT_GT(decoded, 1000);
}

TEST(MomentDecoder, UnpacksWhatTheNetworkSees) {
  FakeGame game;
  MomentDecoder decoder;
  const DecodedMoment moment = decoder.Decode(game.NextMoment(true, true, true));
  ASSERT_NE(moment.network_input, nullptr);
  EXPECT_EQ(moment.network_input->elements.size(), size_t{4} * 84 * 84);
  ASSERT_NE(moment.saliency, nullptr);
  EXPECT_EQ(moment.step->q_values_size(), 4);
}

TEST(MomentDecoder, RefusesInputsAndMapsOfImpossibleSizes) {
  FakeGame game;
  const v1::Moment good = game.NextMoment(true, true, true);
  MomentDecoder decoder;
  v1::Moment bad = good;
  bad.mutable_network_input()->mutable_observation()->set_stack(0);
  EXPECT_THROW(decoder.Decode(bad), DamagedPicture);
  bad = good;
  bad.mutable_network_input()->mutable_observation()->set_channels(60'000);
  bad.mutable_network_input()->mutable_observation()->set_stack(60'000);
  EXPECT_THROW(decoder.Decode(bad), DamagedPicture);
  bad = good;
  bad.mutable_saliency()->set_width(85);
  EXPECT_THROW(decoder.Decode(bad), DamagedPicture);
}

TEST(Moments, ANewerOneTakesThePlaceOfTheOlderAndLosesNoStep) {
  FakeGame game;
  MomentDecoder decoder;
  std::optional<DecodedMoment> shown;
  v1::StepSummary not_shown;
  game.Step(-1);
  Supersede(shown, decoder.Decode(game.NextMoment(true, true, true)), not_shown);
  EXPECT_EQ(not_shown.env_steps(), 0);
  game.Step(-1);
  Supersede(shown, decoder.Decode(game.NextMoment(false, false, false)), not_shown);
  EXPECT_EQ(not_shown.env_steps(), 1);
  EXPECT_EQ(shown->step->episode_env_step(), 2);
  EXPECT_NE(shown->network_input, nullptr) << "the last one still says what the network sees";

  v1::Moment between;  // an emulator frame without a decision
  *between.mutable_picture() = game.Encode(false);
  Supersede(shown, decoder.Decode(between), not_shown);
  EXPECT_EQ(not_shown.env_steps(), 1);
  EXPECT_EQ(shown->step->episode_env_step(), 2);
}

}  // namespace
}  // namespace dqnd
