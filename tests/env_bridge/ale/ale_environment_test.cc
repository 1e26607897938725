#include "env_bridge/ale/ale_environment.h"

#include <cmath>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/random_stream.h"
#include "env_bridge/ale/make_ale.h"
#include "env_bridge/vector_environment.h"

namespace dqnd {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr int kFire = 1;
constexpr int kRight = 3;

std::unique_ptr<Environment> Make(const std::string& game, const EnvironmentOptions& options = {}) {
  return MakeAle(game, options);
}

std::vector<uint8_t> Observation(const Environment& environment) {
  std::vector<uint8_t> observation(environment.spec().observation.bytes());
  environment.Observe(observation);
  return observation;
}

json Details(const Environment& environment) {
  return json::parse(environment.TraceDetails());
}

std::vector<int> Executed(const Environment& environment) {
  return Details(environment)["actions"];
}

// Plays random actions until `ended` says so; the last result. Resets episodes on the way.
StepResult PlayUntil(Environment& environment,
                     const std::function<bool(const StepResult&)>& ended) {
  RandomStream actions(11, "actions");
  for (int env_step = 0; env_step < 20000; ++env_step) {
    const StepResult result =
        environment.Step(static_cast<int>(actions.Below(environment.spec().num_actions())));
    if (ended(result)) return result;
    if (result.done()) environment.Reset();
  }
  ADD_FAILURE() << "it never happened";
  return {};
}

TEST(AleEnvironment, SpecifiesPongAsGymnasiumDoes) {
  const auto pong = Make("pong");
  const EnvironmentSpec& spec = pong->spec();
  EXPECT_EQ(spec.id, "ale:pong");
  EXPECT_EQ(spec.observation, (ObservationSpec{.type = ElementType::kUint8,
                                               .height = 84,
                                               .width = 84,
                                               .channels = 1,
                                               .stack = 4,
                                               .scale = 1.0f / 255.0f}));
  EXPECT_THAT(spec.action_names,
              ElementsAre("NOOP", "FIRE", "RIGHT", "LEFT", "RIGHTFIRE", "LEFTFIRE"));
  EXPECT_EQ(spec.native_width, 160);
  EXPECT_EQ(spec.native_height, 210);
  EXPECT_EQ(spec.frame_skip, 4);
  EXPECT_EQ(spec.frames_per_second, 60);
  EXPECT_EQ(spec.max_episode_env_steps, std::nullopt);
  EXPECT_TRUE(std::isinf(spec.min_reward) && std::isinf(spec.max_reward));
}

TEST(AleEnvironment, SpecifiesWhatTheOptionsSay) {
  EnvironmentOptions options;
  options.full_action_space = true;
  options.screen_size = 64;
  options.frame_stack = 2;
  options.frame_skip = 5;
  options.max_episode_env_steps = 77;
  const auto pong = Make("pong", options);
  EXPECT_EQ(pong->spec().num_actions(), 18);
  EXPECT_EQ(pong->spec().action_names[17], "DOWNLEFTFIRE");
  EXPECT_EQ(pong->spec().observation.bytes(), 64 * 64);
  EXPECT_EQ(pong->spec().observation.stack, 2);
  EXPECT_EQ(pong->spec().frame_skip, 5);
  EXPECT_EQ(pong->spec().max_episode_env_steps, 77);
}

TEST(AleEnvironment, RefusesOptionsOutOfRangeAndNamesTheRange) {
  const auto refusal = [](const std::function<void(EnvironmentOptions&)>& change) -> std::string {
    EnvironmentOptions options;
    change(options);
    try {
      Make("pong", options);
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "accepted";
  };
  EXPECT_THAT(refusal([](auto& o) { o.frame_skip = 0; }),
              AllOf(HasSubstr("frame_skip is 0"), HasSubstr("from 1")));
  EXPECT_THAT(refusal([](auto& o) { o.noop_max = -1; }), HasSubstr("noop_max is -1"));
  EXPECT_THAT(refusal([](auto& o) { o.screen_size = 161; }), HasSubstr("21 to 160"));
  EXPECT_THAT(refusal([](auto& o) { o.frame_stack = 0; }), HasSubstr("frame_stack is 0"));
  EXPECT_THAT(refusal([](auto& o) { o.repeat_action_probability = 1.5; }), HasSubstr("0 to 1"));
  EXPECT_THAT(refusal([](auto& o) { o.max_frames_per_episode = 1LL << 40; }),
              HasSubstr("max_frames_per_episode is 1099511627776"));
  EXPECT_THAT(refusal([](auto& o) { o.max_episode_env_steps = 0; }),
              HasSubstr("max_episode_env_steps is 0"));
}

TEST(AleEnvironment, PlaysTheSameGameAgainAfterAResetWithTheSameSeed) {
  EnvironmentOptions options;
  options.repeat_action_probability = 0.25;
  const auto play = [](Environment& environment, uint64_t seed) {
    std::vector<std::vector<uint8_t>> seen;
    environment.Reset(seed);
    RandomStream actions(11, "actions");
    for (int i = 0; i < 100; ++i) {
      environment.Step(static_cast<int>(actions.Below(environment.spec().num_actions())));
      seen.push_back(Observation(environment));
    }
    return seen;
  };
  const auto first = Make("ms_pacman", options);
  const auto second = Make("ms_pacman", options);
  const auto games = play(*first, 5);
  EXPECT_NE(play(*first, 6), games);
  EXPECT_EQ(play(*first, 5), games);
  EXPECT_EQ(play(*second, 5), games);
}

TEST(AleEnvironment, BeginsWithFrom1ToNoopMaxNoops) {
  EnvironmentOptions options;
  options.noop_max = 2;
  const auto pong = Make("pong", options);
  std::vector<int> counts;
  for (uint64_t seed = 0; seed < 12; ++seed) {
    pong->Reset(seed);
    counts.push_back(Details(*pong)["noops"].at(0));
  }
  EXPECT_THAT(counts, Each(testing::AnyOf(1, 2)));
  EXPECT_THAT(counts, AllOf(testing::Contains(1), testing::Contains(2)));

  options.noop_max = 0;
  const auto without = Make("pong", options);
  without->Reset(1);
  EXPECT_EQ(Details(*without)["noops"], json({0}));
}

TEST(AleEnvironment, ExecutesTheActionInEveryFrameWhenNothingSticks) {
  const auto pong = Make("pong");
  pong->Reset(1);
  pong->Step(2);
  EXPECT_THAT(Executed(*pong), ElementsAre(kRight, kRight, kRight, kRight));
}

TEST(AleEnvironment, RepeatsTheExecutedActionOfTheFrameBeforeWithTheGivenProbability) {
  EnvironmentOptions options;
  options.repeat_action_probability = 0.25;
  const auto pong = Make("pong", options);
  pong->Reset(1);
  int last = 0;  // NOOP at a game's start
  int repeated = 0;
  constexpr int kEnvSteps = 500;
  for (int i = 0; i < kEnvSteps; ++i) {
    const int action = i % 2 == 0 ? 2 : 3;  // never the one before
    const int wanted = i % 2 == 0 ? 3 : 4;
    ASSERT_FALSE(pong->Step(action).done());
    const std::vector<int> executed = Executed(*pong);
    ASSERT_EQ(executed.size(), 4u);
    repeated += executed[0] == last;
    bool switched = false;  // once the wanted action was executed, repeating it changes nothing
    for (const int each : executed) {
      ASSERT_TRUE(each == wanted || (each == last && !switched));
      switched = switched || each == wanted;
    }
    last = executed.back();
  }
  // The action before is the wanted one when the whole last env_step stuck (1 in 256).
  EXPECT_NEAR(repeated / static_cast<double>(kEnvSteps), 0.25, 0.06);
}

TEST(AleEnvironment, NeverActsWhenEveryActionSticks) {
  EnvironmentOptions options;
  options.repeat_action_probability = 1.0;
  const auto pong = Make("pong", options);
  pong->Reset(1);
  for (int i = 0; i < 5; ++i) {
    pong->Step(2);
    EXPECT_THAT(Executed(*pong), Each(0));
  }
}

TEST(AleEnvironment, EndsAWholeGameOnlyWhenLostLivesAreIgnored) {
  const auto breakout = Make("breakout");
  breakout->Reset(1);
  EXPECT_EQ(Details(*breakout)["lives"], 5);
  const StepResult end =
      PlayUntil(*breakout, [](const StepResult& result) { return result.done(); });
  EXPECT_TRUE(end.terminated && end.game_over && !end.truncated);
  EXPECT_EQ(Details(*breakout)["lives"], 0);
}

TEST(AleEnvironment, GoesOnWithTheGameAfterALostLifeThatIsTerminal) {
  EnvironmentOptions options;
  options.life_loss = LifeLoss::kTerminal;
  const auto breakout = Make("breakout", options);
  breakout->Reset(1);
  const auto done = [](const StepResult& result) { return result.done(); };
  for (int lives = 4; lives > 0; --lives) {
    const StepResult end = PlayUntil(*breakout, done);
    EXPECT_TRUE(end.terminated && !end.game_over && !end.truncated);
    EXPECT_EQ(Details(*breakout)["lives"], lives);
    breakout->Reset();
    EXPECT_EQ(Details(*breakout)["lives"], lives);
    EXPECT_EQ(Details(*breakout)["noops"], json::array());  // the same game
    EXPECT_THAT(Executed(*breakout), ElementsAre(0, 0, 0, 0));
  }
  const StepResult end = PlayUntil(*breakout, done);
  EXPECT_TRUE(end.terminated && end.game_over);
  breakout->Reset();
  EXPECT_EQ(Details(*breakout)["lives"], 5);
  EXPECT_EQ(Details(*breakout)["noops"].size(), 1u);
}

TEST(AleEnvironment, StartsANewGameAtASeedEvenInTheMiddleOfOne) {
  EnvironmentOptions options;
  options.life_loss = LifeLoss::kTerminal;
  const auto breakout = Make("breakout", options);
  breakout->Reset(1);
  const std::vector<uint8_t> first = Observation(*breakout);
  PlayUntil(*breakout, [](const StepResult& result) { return result.done(); });
  breakout->Reset(1);
  EXPECT_EQ(Details(*breakout)["lives"], 5);
  EXPECT_EQ(Observation(*breakout), first);
}

TEST(AleEnvironment, StartsANewGameAfterALostLifeThatResets) {
  EnvironmentOptions options;
  options.life_loss = LifeLoss::kReset;
  const auto breakout = Make("breakout", options);
  breakout->Reset(1);
  const StepResult end =
      PlayUntil(*breakout, [](const StepResult& result) { return result.done(); });
  EXPECT_TRUE(end.terminated && end.game_over);
  EXPECT_EQ(Details(*breakout)["lives"], 4);
  breakout->Reset();
  EXPECT_EQ(Details(*breakout)["lives"], 5);
}

TEST(AleEnvironment, PressesFireAndTheNextActionAtAReset) {
  EnvironmentOptions options;
  options.fire_on_reset = true;
  const auto breakout = Make("breakout", options);
  breakout->Reset(1);
  EXPECT_THAT(Executed(*breakout),
              ElementsAre(kFire, kFire, kFire, kFire, kRight, kRight, kRight, kRight));
}

TEST(AleEnvironment, PressesFireAfterALostLifeToo) {
  EnvironmentOptions options;
  options.fire_on_reset = true;
  options.life_loss = LifeLoss::kTerminal;
  const auto breakout = Make("breakout", options);
  breakout->Reset(1);
  PlayUntil(*breakout, [](const StepResult& result) { return result.done(); });
  breakout->Reset();
  EXPECT_THAT(Executed(*breakout),
              ElementsAre(0, 0, 0, 0, kFire, kFire, kFire, kFire, kRight, kRight, kRight, kRight));
  EXPECT_EQ(Details(*breakout)["lives"], 4);
}

TEST(AleEnvironment, PressesNothingInAGameWithoutFire) {
  EnvironmentOptions options;
  options.fire_on_reset = true;
  const auto freeway = Make("freeway", options);
  freeway->Reset(1);
  EXPECT_THAT(Executed(*freeway), ElementsAre());
}

TEST(AleEnvironment, TruncatesAGameWhoseFramesRunOut) {
  EnvironmentOptions options;
  options.noop_max = 0;
  options.max_frames_per_episode = 10;
  const auto pong = Make("pong", options);
  pong->Reset(1);
  for (int game = 0; game < 2; ++game) {
    EXPECT_FALSE(pong->Step(0).done());
    EXPECT_FALSE(pong->Step(0).done());
    const StepResult end = pong->Step(0);
    EXPECT_TRUE(end.truncated && end.game_over && !end.terminated);
    EXPECT_EQ(Executed(*pong).size(), 2u);
    pong->Reset();
  }
}

TEST(AleEnvironment, TruncatesAGameAfterItsEnvSteps) {
  EnvironmentOptions options;
  options.max_episode_env_steps = 3;
  options.life_loss = LifeLoss::kTerminal;
  const auto pong = Make("pong", options);
  pong->Reset(1);
  for (int game = 0; game < 2; ++game) {
    EXPECT_FALSE(pong->Step(0).done());
    EXPECT_FALSE(pong->Step(0).done());
    const StepResult end = pong->Step(0);
    EXPECT_TRUE(end.truncated && end.game_over && !end.terminated);
    pong->Reset();
    EXPECT_EQ(Details(*pong)["noops"].size(), 1u);  // a new game
  }
}

TEST(AleEnvironment, GivesRawRewards) {
  const auto seaquest = Make("seaquest");
  seaquest->Reset(1);
  const StepResult scored =
      PlayUntil(*seaquest, [](const StepResult& result) { return result.reward != 0; });
  EXPECT_EQ(scored.reward, 20);
}

TEST(AleVectorEnvironment, PlaysOnSeveralThreadsAsOnOne) {
  constexpr int kGames = 3;
  ThreadTeam team(2);
  const auto alone = MakeVectorEnvironment({.id = "ale:breakout"}, kGames);
  const auto shared = MakeVectorEnvironment({.id = "ale:breakout"}, kGames, &team);
  ASSERT_TRUE(shared->spec().takes_long);
  RandomStream actions(1, "actions");
  for (const auto& games : {alone.get(), shared.get()})
    games->Reset(std::vector<uint64_t>{4, 5, 6});
  for (int env_step = 0; env_step < 300; ++env_step) {
    std::vector<int> chosen(kGames);
    for (int& action : chosen) action = static_cast<int>(actions.Below(4));
    alone->Step(chosen);
    shared->Step(chosen);
    ASSERT_THAT(shared->results(), testing::ElementsAreArray(alone->results()));
    ASSERT_THAT(shared->observations(), testing::ElementsAreArray(alone->observations()));
  }
}

}  // namespace
}  // namespace dqnd
