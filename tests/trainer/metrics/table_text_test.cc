#include "trainer/metrics/table_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace dqnd {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

TEST(ShortNumber, WritesWholeNumbersInFullAndOthersWithThreeDigits) {
  EXPECT_EQ(ShortNumber(10'000'000), "10000000");
  EXPECT_EQ(ShortNumber(-3), "-3");
  EXPECT_EQ(ShortNumber(0.012345), "0.0123");
  EXPECT_EQ(ShortNumber(2.5e-4), "0.00025");
  EXPECT_EQ(ShortNumber(1234.5), "1.23e+03");
  EXPECT_EQ(ShortNumber(1e300), "1e+300");
  EXPECT_EQ(ShortNumber(kNaN), "-");
}

TEST(TableLines, BoxesTheValuesOfEachGroup) {
  EXPECT_THAT(TableLines({{"rollout/ep_rew_mean", 1.234}, {"time/fps", 912}, {"rollout/eps", 1}}),
              ElementsAre("-------------------------",  //
                          "| rollout/       |      |", "|    ep_rew_mean | 1.23 |",
                          "|    eps         | 1    |", "| time/          |      |",
                          "|    fps         | 912  |", "-------------------------"));
}

TEST(TableLines, AreNoneWithoutValues) {
  EXPECT_THAT(TableLines({}), IsEmpty());
}

TEST(ProgressBarLine, ShowsTheBarAndTheNumbers) {
  Progress progress(300'000);
  progress.Update(90'000, 90);
  EXPECT_EQ(ProgressBarLine(progress, 84),
            "[######               ]  30 %  90000/300000 env_steps  1000 env_steps/s  ETA 0:03:30");
}

TEST(ProgressBarLine, GivesUpTheBarWhereThereIsNoRoom) {
  Progress progress(300'000);
  EXPECT_EQ(ProgressBarLine(progress, 40), "  0 %  0/300000 env_steps  - env_steps/s  ETA -:--:--");
}

TEST(PlainLine, TellsHowLearningGoes) {
  Progress progress(300'000);
  progress.Update(10'000, 10);
  EXPECT_EQ(PlainLine(progress, {{"rollout/ep_rew_mean", 1.23},
                                 {"rollout/exploration_rate", 0.95},
                                 {"train/learning_rate", 1e-4},
                                 {"train/loss", 0.0123}}),
            "env_steps 10000/300000 (3 %)  fps 1000  ETA 0:04:50  ep_rew_mean 1.23  eps 0.95  "
            "loss 0.0123");
}

TEST(PlainLine, LeavesOutWhatIsNotKnown) {
  Progress progress(300'000);
  EXPECT_EQ(PlainLine(progress, {{"train/loss", kNaN}}),
            "env_steps 0/300000 (0 %)  fps -  ETA -:--:--");
}

}  // namespace
}  // namespace dqnd
