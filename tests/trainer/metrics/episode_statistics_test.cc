#include "trainer/metrics/episode_statistics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <stdexcept>
#include <string>

namespace dqnd {
namespace {

TEST(EpisodeStatistics, KnowNothingBeforeTheFirstEpisodeEnds) {
  EpisodeStatistics statistics(1);
  statistics.Step(0, 1, false);
  EXPECT_TRUE(std::isnan(statistics.mean_return()));
  EXPECT_TRUE(std::isnan(statistics.mean_length()));
  EXPECT_EQ(statistics.episodes(), 0);
}

TEST(EpisodeStatistics, KeepLanesApart) {
  EpisodeStatistics statistics(2);
  statistics.Step(0, 1, false);
  statistics.Step(1, 10, false);
  statistics.Step(0, 2, true);
  EXPECT_EQ(statistics.mean_return(), 3);
  EXPECT_EQ(statistics.mean_length(), 2);
  statistics.Step(1, 20, false);
  statistics.Step(1, 30, true);
  EXPECT_EQ(statistics.mean_return(), (3 + 60) / 2.0);
  EXPECT_EQ(statistics.mean_length(), 2.5);
  EXPECT_EQ(statistics.episodes(), 2);
}

TEST(EpisodeStatistics, AverageTheLastHundredEpisodes) {
  EpisodeStatistics statistics(1);
  for (int i = 0; i < 250; ++i) statistics.Step(0, i, true);
  EXPECT_EQ(statistics.mean_return(), (150 + 249) / 2.0);
  EXPECT_EQ(statistics.episodes(), 250);
}

TEST(EpisodeStatistics, GoOnFromASavedStateWithTheSameBits) {
  EpisodeStatistics statistics(2, 3);
  const auto play = [](EpisodeStatistics& played, int from, int to) {
    for (int i = from; i < to; ++i) played.Step(i % 2, 0.1 * i, i % 5 == 0);
  };
  play(statistics, 0, 41);
  ByteWriter writer;
  statistics.SaveState(writer);
  EpisodeStatistics loaded(2, 3);
  ByteReader reader(writer.bytes());
  loaded.LoadState(reader);
  EXPECT_EQ(reader.remaining(), 0u);
  play(statistics, 41, 90);
  play(loaded, 41, 90);
  EXPECT_EQ(loaded.mean_return(), statistics.mean_return());
  EXPECT_EQ(loaded.mean_length(), statistics.mean_length());
  EXPECT_EQ(loaded.episodes(), statistics.episodes());
}

TEST(EpisodeStatistics, RefuseAStateThatIsCutShortOrOfOtherLanesAndStayAsTheyWere) {
  EpisodeStatistics statistics(2);
  statistics.Step(0, 5, true);
  ByteWriter writer;
  EpisodeStatistics(3).SaveState(writer);
  ByteReader other_lanes(writer.bytes());
  EXPECT_THROW(statistics.LoadState(other_lanes), std::runtime_error);

  ByteWriter whole;
  statistics.SaveState(whole);
  for (size_t kept = 0; kept < whole.bytes().size(); ++kept) {
    const std::string cut = whole.bytes().substr(0, kept);
    ByteReader reader(cut);
    EXPECT_THROW(statistics.LoadState(reader), std::runtime_error) << kept << " bytes kept";
  }
  EXPECT_EQ(statistics.mean_return(), 5);
  EXPECT_EQ(statistics.episodes(), 1);
}

TEST(EpisodeStatistics, NeedALaneAndAWindow) {
  EXPECT_THROW(EpisodeStatistics(0), std::invalid_argument);
  EXPECT_THROW(EpisodeStatistics(1, 0), std::invalid_argument);
}

}  // namespace
}  // namespace dqnd
