#include "env_bridge/numpy_random_state.h"

#include <stdexcept>
#include <vector>

#include <gmock/gmock.h>

namespace dqnd {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;

std::vector<uint32_t> Words(NumpyRandomState& random, int count) {
  std::vector<uint32_t> words;
  for (int i = 0; i < count; ++i) words.push_back(random.NextWord());
  return words;
}

std::vector<int64_t> Integers(NumpyRandomState& random, int64_t low, int64_t high, int count) {
  std::vector<int64_t> integers;
  for (int i = 0; i < count; ++i) integers.push_back(random.RandInt(low, high));
  return integers;
}

// Every number below was printed by NumPy 2.4.6 from numpy.random.RandomState(seed).

TEST(NumpyRandomState, GivesNumpysWordsForAnySeed) {
  NumpyRandomState zero(0), one(1), some(20230517), largest(4294967295);
  EXPECT_THAT(Words(zero, 4), ElementsAre(2357136044, 2546248239, 3071714933, 3626093760));
  EXPECT_THAT(Words(one, 4), ElementsAre(1791095845, 4282876139, 3093770124, 4005303368));
  EXPECT_THAT(Words(some, 4), ElementsAre(2920864123, 3758156487, 3431927200, 1686582328));
  EXPECT_THAT(Words(largest, 4), ElementsAre(419326371, 479346978, 3918654476, 2416749639));
}

TEST(NumpyRandomState, GivesNumpysWordsBeyondTheFirstBlocks) {
  NumpyRandomState random(5);
  const std::vector<uint32_t> words = Words(random, 2000);
  EXPECT_THAT((std::vector{words[622], words[623], words[624], words[625], words[1247], words[1248],
                           words[1999]}),
              ElementsAre(4288592546, 2809743450, 164677315, 3235025989, 4003688641, 914021097,
                          4018181980));
}

TEST(NumpyRandomState, GivesNumpysFractionsAndIntegersInTurn) {
  NumpyRandomState random(1);
  EXPECT_EQ(random.Rand(), 0x1.ab07d0ffa3c06p-2);
  EXPECT_EQ(random.Rand(), 0x1.70ce5f3baf051p-1);
  EXPECT_EQ(random.Rand(), 0x1.dfb906661c000p-14);
  EXPECT_THAT(Integers(random, 1, 6, 8), ElementsAre(4, 1, 1, 2, 5, 5, 2, 3));
  EXPECT_EQ(random.RandInt(0, 2), 0);
  EXPECT_EQ(random.RandInt(7, 8), 7);
  EXPECT_EQ(random.RandInt(1, 9), 7);
  EXPECT_EQ(random.RandInt(-5, 1000), 352);
  EXPECT_EQ(random.Rand(), 0x1.5ed5172192327p-1);
}

TEST(NumpyRandomState, RejectsWordsAsNumpyDoes) {
  NumpyRandomState random(9);
  EXPECT_THAT(Integers(random, 0, 5, 20),
              ElementsAre(4, 0, 3, 1, 4, 3, 0, 2, 1, 0, 3, 1, 4, 0, 4, 3, 0, 2, 0, 2));
  EXPECT_EQ(random.Rand(), 0x1.cbc796c8b4569p-1);
}

TEST(NumpyRandomState, DrawsNothingWhereThereIsOneCandidate) {
  NumpyRandomState random(3), untouched(3);
  EXPECT_THAT(Integers(random, 4, 5, 10), Each(4));
  EXPECT_EQ(random.NextWord(), untouched.NextWord());
}

TEST(NumpyRandomState, ReachesAllOf32Bits) {
  NumpyRandomState random(9);
  EXPECT_THAT(Integers(random, 0, int64_t{1} << 32, 3),
              ElementsAre(44556670, 1565348188, 2155534974));
}

TEST(NumpyRandomState, StartsAnewFromASeed) {
  NumpyRandomState random(1);
  Words(random, 1000);
  random.Seed(0);
  EXPECT_EQ(random.NextWord(), 2357136044);
}

TEST(NumpyRandomState, ContinuesFromASavedStateAtAnyPoint) {
  for (const int words_before : {0, 1, 623, 624, 625, 1000}) {
    NumpyRandomState random(11);
    Words(random, words_before);
    ByteWriter writer;
    random.SaveState(writer);

    NumpyRandomState restored(0);
    ByteReader reader(writer.bytes());
    restored.LoadState(reader);
    EXPECT_EQ(reader.remaining(), 0u);
    EXPECT_EQ(Words(restored, 1500), Words(random, 1500)) << "after " << words_before << " words";
  }
}

TEST(NumpyRandomState, RefusesADamagedStateAndGoesOn) {
  ByteWriter writer;
  NumpyRandomState(2).SaveState(writer);
  std::string too_far = writer.bytes();
  too_far[too_far.size() - 3] = 0x7F;
  NumpyRandomState random(1);
  ByteReader damaged(too_far);
  EXPECT_THROW(random.LoadState(damaged), std::runtime_error);
  ByteReader cut(std::string_view(writer.bytes()).substr(0, 2499));
  EXPECT_THROW(random.LoadState(cut), std::runtime_error);
  EXPECT_EQ(random.NextWord(), 1791095845);
}

}  // namespace
}  // namespace dqnd
