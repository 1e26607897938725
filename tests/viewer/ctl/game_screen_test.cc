#include "viewer/ctl/game_screen.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/viewer/fake_game.h"

namespace dqnd {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::SizeIs;

GameContent Content() {
  GameContent content;
  content.title = "breakout on host";
  content.about = "exhibition game 1";
  FakeGame game;
  game.Step(-1);
  MomentDecoder decoder;
  content.moment = decoder.Decode(game.NextMoment(true, false, false));
  return content;
}

TEST(GameScreen, APictureAndThreeLinesFitIntoEveryWindow) {
  for (int rows = 1; rows < 40; ++rows) {
    for (const int columns : {1, 2, 10, 80, 300}) {
      EXPECT_LE(GameRows(FakeGame::Spec(), Content(), {columns, rows}, ColourDepth::k256).size(),
                static_cast<size_t>(rows));
    }
  }
  const std::vector<std::string> usual =
      GameRows(FakeGame::Spec(), Content(), {80, 24}, ColourDepth::kTrueColour);
  ASSERT_THAT(usual, SizeIs(24));
  EXPECT_THAT(usual[0], HasSubstr("\xe2\x96\x80"));
  EXPECT_THAT(usual[21], HasSubstr("breakout on host: exhibition game 1"));
  EXPECT_THAT(usual[22], HasSubstr("return 0"));
  EXPECT_THAT(usual[23], HasSubstr("NOOP"));
}

TEST(GameScreen, WithoutAPictureItSaysThatThereIsNone) {
  GameContent content;
  content.title = "breakout";
  EXPECT_THAT(GameRows(FakeGame::Spec(), content, {80, 24}, ColourDepth::k256),
              Contains(HasSubstr("no picture yet")));
}

TEST(GameScreen, OnlyRowsThatChangedArePainted) {
  EXPECT_EQ(Repainting({"a", "b"}, {"a", "b"}), "");
  EXPECT_EQ(Repainting({"a", "b"}, {"a", "c"}), "\x1b[2;1Hc\x1b[K");
  EXPECT_EQ(Repainting({"a", "b"}, {"a"}), "\x1b[2;1H\x1b[K");
  EXPECT_EQ(Repainting({}, {"a"}), "\x1b[1;1Ha\x1b[K");
}

}  // namespace
}  // namespace dqnd
