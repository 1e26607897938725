#include "trainer/evaluation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dqnd {
namespace {

using ::testing::Each;

// Likes one action in every state.
class Stubborn : public Policy {
 public:
  Stubborn(int action, int num_actions) : values_(num_actions) { values_[action] = 1; }
  std::span<const float> ActionValues(std::span<const uint8_t>) override {
    ++decisions_;
    return values_;
  }
  int decisions() const { return decisions_; }

 private:
  std::vector<float> values_;
  int decisions_ = 0;
};

EnvironmentOptions Options(const std::string& id) {
  EnvironmentOptions options;
  options.id = id;
  return options;
}

TEST(Evaluate, PlaysSoManyWholeEpisodesWithThePolicysBestAction) {
  Stubborn right(1, 2);
  const auto result = Evaluate(right, Options("classic:cartpole"), {.episodes = 20, .eps = 0});
  ASSERT_TRUE(result);
  ASSERT_EQ(result->returns.size(), 20u);
  int64_t env_steps = 0;
  for (size_t i = 0; i < 20; ++i) {
    EXPECT_EQ(result->returns[i], static_cast<double>(result->lengths[i]));
    env_steps += result->lengths[i];
  }
  // Always pushing right topples the pole within a dozen env_steps.
  EXPECT_LT(result->mean_length(), 12);
  EXPECT_EQ(right.decisions(), env_steps);
}

TEST(Evaluate, TheSameStreamPlaysTheSameEpisodesAndAnotherOthers) {
  const auto play = [](const std::string& stream) {
    Stubborn policy(0, 6);
    return Evaluate(policy, Options("minatar:breakout"),
                    {.episodes = 5, .eps = 0.5, .seed = 3, .stream = stream})
        ->lengths;
  };
  EXPECT_EQ(play("evaluate/1"), play("evaluate/1"));
  EXPECT_NE(play("evaluate/1"), play("evaluate/2"));
}

TEST(Evaluate, EpsilonIsTheShareOfRandomActions) {
  Stubborn policy(0, 3);
  const auto result = Evaluate(policy, Options("catch"), {.episodes = 500, .eps = 0.25});
  double env_steps = 0;
  for (int64_t length : result->lengths) env_steps += static_cast<double>(length);
  EXPECT_NEAR(policy.decisions() / env_steps, 0.75, 0.02);
}

TEST(Evaluate, AStopGivesUpTheEvaluation) {
  std::stop_source stop;
  stop.request_stop();
  Stubborn policy(0, 3);
  EXPECT_FALSE(Evaluate(policy, Options("catch"), {}, stop.get_token()));
}

TEST(EvaluationResult, DeviationAndConfidenceAreThoseOfTheReturns) {
  const EvaluationResult result{.returns = {2, 4, 4, 4, 5, 5, 7, 9},
                                .lengths = {1, 1, 1, 1, 1, 1, 1, 3}};
  EXPECT_DOUBLE_EQ(result.mean_return(), 5);
  EXPECT_DOUBLE_EQ(result.return_deviation(), 2);
  EXPECT_NEAR(result.confidence95(), 1.96 * 2.1380899 / 2.8284271, 1e-6);
  EXPECT_DOUBLE_EQ(result.mean_length(), 1.25);
}

}  // namespace
}  // namespace dqnd
