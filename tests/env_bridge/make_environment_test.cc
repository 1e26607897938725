#include "env_bridge/make_environment.h"

#include <algorithm>
#include <limits>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dqnd {
namespace {

using testing::HasSubstr;

// The message with which `options` are refused; empty when they are not.
std::string Refusal(const EnvironmentOptions& options) {
  try {
    MakeEnvironment(options);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return {};
}

TEST(MakeEnvironment, MakesEveryEnvironmentThatNeedsNoRomUnderItsOwnId) {
  int made = 0;
  for (const std::string& id : EnvironmentIds()) {
    if (id.starts_with("ale:")) continue;
    EXPECT_EQ(MakeEnvironment({.id = id})->spec().id, id);
    ++made;
  }
  EXPECT_EQ(made, 9);  // catch, three classic, five MinAtar
}

TEST(MakeEnvironment, ListsItsIdsSorted) {
  const std::vector<std::string> ids = EnvironmentIds();
  EXPECT_TRUE(std::ranges::is_sorted(ids));
  EXPECT_THAT(ids, testing::IsSupersetOf({"catch", "classic:acrobot", "classic:cartpole",
                                          "classic:mountain_car", "minatar:breakout"}));
}

TEST(MakeEnvironment, AnswersAMisspeltIdWithTheNearestOneAndHowToListThem) {
  const std::string refusal = Refusal({.id = "classic:cartpol"});
  EXPECT_THAT(refusal, HasSubstr("\"classic:cartpol\""));
  EXPECT_THAT(refusal, HasSubstr("did you mean \"classic:cartpole\"?"));
  EXPECT_THAT(refusal, HasSubstr("`dqnd envs`"));
}

TEST(MakeEnvironment, KnowsWhatIsMeantByAGameAloneAndByGymnasiumsNames) {
  EXPECT_THAT(Refusal({.id = "seaquets"}), HasSubstr("seaquest\"?"));
  EXPECT_THAT(Refusal({.id = "CartPole-v1"}), HasSubstr("\"classic:cartpole\"?"));
  EXPECT_THAT(Refusal({.id = "Acrobot-v1"}), HasSubstr("\"classic:acrobot\"?"));
  EXPECT_THAT(Refusal({.id = "MountainCar-v0"}), HasSubstr("\"classic:mountain_car\"?"));
}

TEST(MakeEnvironment, GuessesNothingWhenNothingIsNear) {
  for (const char* id : {"", "x", "chess:kasparov-against-deep-blue"}) {
    const std::string refusal = Refusal({.id = id});
    EXPECT_THAT(refusal, HasSubstr("no such environment"));
    EXPECT_THAT(refusal, testing::Not(HasSubstr("did you mean")));
  }
}

#ifndef DQND_WITH_ALE
TEST(MakeEnvironment, ABuildWithoutAleSaysSoWhenAskedForOneOfItsGames) {
  EXPECT_THAT(Refusal({.id = "ale:pong"}), HasSubstr("-DDQND_WITH_ALE=ON"));
}
#endif

TEST(MakeEnvironment, RefusesOptionsThatTheFamilyWouldIgnore) {
  EXPECT_EQ(Refusal({.id = "catch", .frame_skip = 2}),
            "environment.frame_skip applies to ale:* only; remove it");
  EXPECT_EQ(Refusal({.id = "catch", .repeat_action_probability = 0.25}),
            "environment.repeat_action_probability applies to ale:* and minatar:* only; remove it");
  EXPECT_EQ(Refusal({.id = "classic:cartpole", .difficulty_ramping = false}),
            "environment.difficulty_ramping applies to minatar:* only; remove it");
}

TEST(MakeEnvironment, RefusesEachOptionOfAleInAnotherFamilyByItsKey) {
  const std::pair<const char*, EnvironmentOptions> cases[] = {
      {"frame_skip", {.id = "minatar:breakout", .frame_skip = 1}},
      {"noop_max", {.id = "minatar:breakout", .noop_max = 0}},
      {"fire_on_reset", {.id = "minatar:breakout", .fire_on_reset = true}},
      {"full_action_space", {.id = "minatar:breakout", .full_action_space = true}},
      {"life_loss", {.id = "minatar:breakout", .life_loss = LifeLoss::kTerminal}},
      {"max_frames_per_episode", {.id = "minatar:breakout", .max_frames_per_episode = 18000}},
      {"screen_size", {.id = "minatar:breakout", .screen_size = 64}},
      {"rom_directory", {.id = "minatar:breakout", .rom_directory = "/roms"}},
  };
  for (const auto& [key, options] : cases) {
    EXPECT_THAT(Refusal(options),
                HasSubstr(std::string("environment.") + key + " applies to ale:*"));
  }
}

TEST(MakeEnvironment, RefusesValuesOutOfRangeAndSaysTheLimit) {
  EXPECT_EQ(Refusal({.id = "catch", .max_episode_env_steps = 0}),
            "environment.max_episode_env_steps is 0; it must be at least 1");
  EXPECT_EQ(Refusal({.id = "catch", .frame_stack = 17}),
            "environment.frame_stack is 17; it must lie between 1 and 16");
  EXPECT_EQ(Refusal({.id = "minatar:breakout", .repeat_action_probability = 1.5}),
            "environment.repeat_action_probability is 1.5; it must lie between 0 and 1");
  EXPECT_THAT(Refusal({.id = "minatar:breakout",
                       .repeat_action_probability = std::numeric_limits<double>::quiet_NaN()}),
              HasSubstr("must lie between 0 and 1"));
}

#ifdef DQND_WITH_ALE
TEST(MakeEnvironment, RefusesValuesOutOfRangeThatOnlyAleKnows) {
  EXPECT_THAT(Refusal({.id = "ale:pong", .frame_skip = 0}), HasSubstr("at least 1"));
  EXPECT_THAT(Refusal({.id = "ale:pong", .noop_max = -1}), HasSubstr("at least 0"));
  EXPECT_THAT(Refusal({.id = "ale:pong", .max_frames_per_episode = 0}), HasSubstr("at least 1"));
  EXPECT_THAT(Refusal({.id = "ale:pong", .screen_size = 15}), HasSubstr("between 16 and 512"));
  EXPECT_THAT(Refusal({.id = "ale:pong", .screen_size = 513}), HasSubstr("between 16 and 512"));
}
#endif

TEST(MakeEnvironment, GivesEveryFamilyTheStackAndTheLimitThatOptionsAskFor) {
  for (const char* id : {"catch", "classic:cartpole", "minatar:breakout"}) {
    const auto environment =
        MakeEnvironment({.id = id, .max_episode_env_steps = 7, .frame_stack = 4});
    EXPECT_EQ(environment->spec().observation.stack, 4) << id;
    EXPECT_EQ(environment->spec().max_episode_env_steps, 7) << id;
  }
}

}  // namespace
}  // namespace dqnd
