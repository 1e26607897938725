#include "base/random_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

namespace dqnd {
namespace {

using ::testing::ElementsAre;

std::vector<uint32_t> Words(RandomStream& stream, int count) {
  std::vector<uint32_t> words;
  for (int i = 0; i < count; ++i) words.push_back(stream.NextWord());
  return words;
}

// Vectors: kat_vectors of the Random123 distribution, philox4x32 with 10 rounds.
TEST(Philox, GivesThePublishedBlocks) {
  EXPECT_THAT(Philox4x32({0, 0, 0, 0}, {0, 0}),
              ElementsAre(0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8));
  EXPECT_THAT(
      Philox4x32({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}),
      ElementsAre(0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd));
  EXPECT_THAT(
      Philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
      ElementsAre(0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1));
}

TEST(RandomStream, IsNamedBySeedAndName) {
  RandomStream stream(1, "explore/0"), same(1, "explore/0");
  RandomStream other_seed(2, "explore/0"), other_name(1, "explore/1");
  const std::vector<uint32_t> words = Words(stream, 8);
  EXPECT_EQ(words, Words(same, 8));
  EXPECT_NE(words, Words(other_seed, 8));
  EXPECT_NE(words, Words(other_name, 8));
}

TEST(RandomStream, GoesOnWithTheSameNumbersWhereverItIsSeekedTo) {
  RandomStream stream(7, "sample");
  const std::vector<uint32_t> words = Words(stream, 40);
  for (uint64_t position = 0; position < words.size(); ++position) {
    RandomStream seeked(7, "sample");
    seeked.Seek(position);
    EXPECT_EQ(seeked.words_drawn(), position);
    for (uint64_t i = position; i < words.size(); ++i) {
      ASSERT_EQ(seeked.NextWord(), words[i]) << "word " << i << " after a seek to " << position;
    }
  }
}

TEST(RandomStream, CountsBeyond32BitsOfBlocks) {
  RandomStream low(7, "sample"), high(7, "sample");
  high.Seek(uint64_t{4} << 32);
  EXPECT_NE(Words(low, 4), Words(high, 4));
  EXPECT_EQ(high.words_drawn(), (uint64_t{4} << 32) + 4);
}

TEST(RandomStream, SavedStateContinuesEvenInTheMiddleOfABlock) {
  RandomStream stream(7, "sample");
  Words(stream, 6);
  ByteWriter writer;
  stream.SaveState(writer);
  RandomStream loaded(7, "sample");
  ByteReader reader(writer.bytes());
  loaded.LoadState(reader);
  EXPECT_EQ(reader.remaining(), 0u);
  EXPECT_EQ(Words(loaded, 9), Words(stream, 9));
}

TEST(RandomStream, NextUint64TakesTheFirstWordAsItsLowHalf) {
  RandomStream words(3, "init"), wide(3, "init");
  const uint64_t low = words.NextWord(), high = words.NextWord();
  EXPECT_EQ(wide.NextUint64(), low | high << 32);
  EXPECT_EQ(wide.words_drawn(), 2u);
}

TEST(RandomStream, UniformFillsTheUnitIntervalEvenly) {
  RandomStream stream(5, "init");
  constexpr int kDraws = 100'000, kBins = 20;
  std::array<int, kBins> counts{};
  double sum = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double value = stream.Uniform();
    ASSERT_GE(value, 0);
    ASSERT_LT(value, 1);
    sum += value;
    ++counts[static_cast<size_t>(value * kBins)];
  }
  EXPECT_NEAR(sum / kDraws, 0.5, 4 * std::sqrt(1.0 / 12 / kDraws));
  double chi_squared = 0;
  for (const int count : counts) {
    const double expected = static_cast<double>(kDraws) / kBins;
    chi_squared += (count - expected) * (count - expected) / expected;
  }
  EXPECT_LT(chi_squared, 43.8);  // 19 degrees of freedom, p = 0.001
}

TEST(RandomStream, BelowStaysBelow) {
  RandomStream stream(5, "sample");
  for (const uint32_t bound : {1u, 2u, 3u, 1000u, 0x80000001u, 0xffffffffu}) {
    for (int i = 0; i < 1000; ++i) ASSERT_LT(stream.Below(bound), bound);
  }
}

// With bound 3 * 2^30 a plain multiply-and-shift makes every third value twice as likely as the
// others: values that are 0 modulo 3 would come half of the time.
TEST(RandomStream, BelowHasNoBiasWhereMultiplyAndShiftHas) {
  RandomStream stream(5, "sample");
  constexpr int kDraws = 60'000;
  std::array<int, 3> counts{};
  for (int i = 0; i < kDraws; ++i) ++counts[stream.Below(0xC0000000u) % 3];
  const double deviation = std::sqrt(kDraws * (1.0 / 3) * (2.0 / 3));
  for (const int count : counts) EXPECT_NEAR(count, kDraws / 3.0, 4 * deviation);
}

}  // namespace
}  // namespace dqnd
