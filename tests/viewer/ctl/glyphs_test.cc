#include "viewer/ctl/glyphs.h"

#include <gtest/gtest.h>

#include <string_view>

namespace dqnd {
namespace {

TEST(Glyphs, EveryPrintableCharacterHasOneOfFullSize) {
  for (char c = ' '; c <= '~'; ++c) {
    ASSERT_EQ(GlyphOf(c).rows.size(), 41u) << c;
    for (int row = 0; row + 1 < Glyph::kHeight; ++row) {
      EXPECT_EQ(GlyphOf(c).rows[static_cast<size_t>(row * 6 + 5)], ' ') << c;
    }
  }
}

TEST(Glyphs, LettersAndDigitsCanBeToldApart) {
  const std::string_view all = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 !\"#%&'()*+,-./:;<=>?[]_|";
  for (size_t i = 0; i < all.size(); ++i) {
    for (size_t k = 0; k < i; ++k) {
      EXPECT_NE(GlyphOf(all[i]).rows, GlyphOf(all[k]).rows) << all[i] << " and " << all[k];
    }
  }
  EXPECT_EQ(GlyphOf('q').rows, GlyphOf('Q').rows);
}

TEST(Glyphs, WhatTheFontDoesNotHaveIsABox) {
  EXPECT_EQ(GlyphOf('\x80').rows, GlyphOf('\n').rows);
  EXPECT_TRUE(GlyphOf('\x01').dot(0, 0));
}

}  // namespace
}  // namespace dqnd
