#include "env_bridge/watch/watch_hub.h"

#include <limits>
#include <stdexcept>
#include <thread>

#include <gtest/gtest.h>

#include "base/random_stream.h"
#include "env_bridge/frame_stack.h"

namespace dqnd {
namespace {

using std::chrono::milliseconds;
using Clock = WatchHub::Clock;

// Two games of Catch that are published by hand, as the training loop does.
class TwoGames {
 public:
  explicit TwoGames(WatchHub& hub) : hub_(hub) {
    const std::vector<uint64_t> seeds = {1, 2};
    environments_->Reset(seeds);
  }

  // Plays one cycle, at `now`.
  void Cycle(Clock::time_point now, bool exploratory = false) {
    states_.assign(environments_->observations().begin(), environments_->observations().end());
    environments_->Step(actions_);
    const std::vector<uint8_t> explored(2, exploratory ? 1 : 0);
    hub_.Publish({.environments = *environments_,
                  .actions = actions_,
                  .exploratory = explored,
                  .q_values = q_values_,
                  .states = states_,
                  .episodes = episodes_,
                  .env_steps = env_steps_,
                  .epsilon = 0.25},
                 now);
    for (int k = 0; k < 2; ++k) {
      const StepResult& result = environments_->results()[k];
      episodes_[k].total_reward += result.reward;
      ++episodes_[k].length_env_steps;
      if (result.game_over) episodes_[k] = {};
    }
    env_steps_ += 2;
  }

  const VectorEnvironment& environments() const { return *environments_; }
  const std::vector<uint8_t>& states() const { return states_; }

 private:
  WatchHub& hub_;
  std::unique_ptr<VectorEnvironment> environments_ = MakeVectorEnvironment({.id = "catch"}, 2);
  std::vector<int> actions_ = {0, 2};
  std::vector<float> q_values_ = {0.1f, 0.2f, 0.3f, 0.4f, 0.5f, 0.6f};
  std::vector<uint8_t> states_;
  std::vector<RunningEpisode> episodes_ = std::vector<RunningEpisode>(2);
  int64_t env_steps_ = 0;
};

class WatchHubTest : public testing::Test {
 protected:
  Wakeup news_;
  WatchHub hub_{2, news_};
  TwoGames games_{hub_};
  const Clock::time_point start_ = Clock::time_point(std::chrono::hours(1));
};

TEST_F(WatchHubTest, WantsNothingUntilSomebodySubscribesAndAfterTheyLeft) {
  EXPECT_FALSE(hub_.wanted());
  auto subscription = hub_.Subscribe({.environment_index = 0, .moments_per_second = 10});
  EXPECT_TRUE(hub_.wanted());
  subscription = nullptr;
  EXPECT_FALSE(hub_.wanted());
}

TEST_F(WatchHubTest, ShowsTheSubscribersEnvironmentWithWhatTheAgentThought) {
  const auto subscription = hub_.Subscribe({.environment_index = 1, .moments_per_second = 10});
  games_.Cycle(start_);
  games_.Cycle(start_ + milliseconds(100));
  const auto news = subscription->Take();
  ASSERT_NE(news.moment, nullptr);
  const ShownStep& step = *news.moment->step;
  EXPECT_EQ(step.env_step, 2);
  EXPECT_EQ(step.episode_env_step, 2);
  EXPECT_EQ(step.action, 2);
  EXPECT_EQ(step.q_values, (std::vector<float>{0.4f, 0.5f, 0.6f}));
  EXPECT_EQ(step.epsilon, 0.25);
  EXPECT_EQ(news.moment->state,
            std::vector<uint8_t>(games_.states().begin() + 50, games_.states().end()));
  Image picture;
  games_.environments().Render(1, picture);
  EXPECT_EQ(news.moment->picture, picture);
}

TEST_F(WatchHubTest, AnExploratoryEnvStepHasNoQValuesSinceOthersDecideWhetherTheyExist) {
  const auto subscription = hub_.Subscribe({.environment_index = 0, .moments_per_second = 10});
  games_.Cycle(start_, /*exploratory=*/true);
  const auto news = subscription->Take();
  EXPECT_TRUE(news.moment->step->exploratory);
  EXPECT_TRUE(news.moment->step->q_values.empty());
}

TEST_F(WatchHubTest, ASlowSubscriberGetsTheNewestMomentAndASummaryOfTheRest) {
  const auto subscription = hub_.Subscribe({.environment_index = 0, .moments_per_second = 10});
  // Catch ends after 9 env_steps; moments are due at 0, 100, 200 ms.
  for (int cycle = 0; cycle < 25; ++cycle) games_.Cycle(start_ + milliseconds(10 * cycle));
  const auto news = subscription->Take();
  EXPECT_EQ(news.moment->step->env_step, 40);
  EXPECT_EQ(news.not_shown.env_steps, 20);
  EXPECT_EQ(news.not_shown.games_over, 2);
  EXPECT_EQ(news.not_shown.reward_max - news.not_shown.reward_min,
            std::abs(news.not_shown.reward_sum) == 2 ? 1 : 2);
  EXPECT_EQ(subscription->Take().moment, nullptr);
  // The four after the last moment come with the next one.
  games_.Cycle(start_ + milliseconds(300));
  EXPECT_EQ(subscription->Take().not_shown.env_steps, 4);
}

TEST_F(WatchHubTest, SubscribersOfOneRateShareTheirMomentsWhateverTheyBegan) {
  const auto first = hub_.Subscribe({.environment_index = 0, .moments_per_second = 10});
  games_.Cycle(start_ + milliseconds(30));
  const auto second = hub_.Subscribe({.environment_index = 0, .moments_per_second = 10});
  games_.Cycle(start_ + milliseconds(60));
  first->Take();
  second->Take();
  games_.Cycle(start_ + milliseconds(100));
  EXPECT_EQ(first->Take().moment, second->Take().moment);
}

TEST_F(WatchHubTest, AnEnvironmentThatDoesNotExistIsRefusedWithTheRange) {
  try {
    hub_.Subscribe({.environment_index = 2, .moments_per_second = 10});
    FAIL();
  } catch (const std::invalid_argument& error) {
    EXPECT_STREQ(error.what(), "environment_index is 2; this run has 2, from 0 to 1");
  }
}

TEST_F(WatchHubTest, ARateThatHasNoIntervalIsRefused) {
  for (const double rate : {0.0, -1.0, 1e-300, std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_THROW(hub_.Subscribe({.environment_index = 0, .moments_per_second = rate}),
                 std::invalid_argument)
        << rate;
  }
  EXPECT_FALSE(hub_.wanted());
}

TEST_F(WatchHubTest, TheSlowestAndTheFastestSubscriberGetWhatTheyAskedFor) {
  const auto slowest = hub_.Subscribe({.environment_index = 0, .moments_per_second = 0.001});
  const auto fastest = hub_.Subscribe(
      {.environment_index = 0, .moments_per_second = std::numeric_limits<double>::infinity()});
  games_.Cycle(start_);
  slowest->Take();
  fastest->Take();
  games_.Cycle(start_ + milliseconds(100));
  EXPECT_EQ(slowest->Take().moment, nullptr);
  EXPECT_NE(fastest->Take().moment, nullptr);
}

TEST_F(WatchHubTest, SubscribersComeAndGoWhileTrainingPublishes) {
  std::jthread visitors([this](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      const auto one = hub_.Subscribe({.environment_index = 0, .moments_per_second = 1000});
      const auto other = hub_.Subscribe({.environment_index = 1, .moments_per_second = 1000});
      news_.WaitUntil(Clock::now() + milliseconds(1), stop);
      one->Take();
    }
  });
  for (int cycle = 0; cycle < 5000; ++cycle) games_.Cycle(Clock::now());
}

}  // namespace
}  // namespace dqnd
