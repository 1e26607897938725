#include "env_bridge/minatar/minatar_environment.h"

#include <stdexcept>
#include <string>

#include <gmock/gmock.h>

#include "tests/env_bridge/environment_checks.h"
#include "tests/env_bridge/minatar/minatar_test_support.h"

namespace dqnd {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Moment {
  StepResult result;
  std::vector<uint8_t> observation;
  friend bool operator==(const Moment&, const Moment&) = default;
};

EnvironmentOptions WithLimit(double repeat_action_probability, int64_t max_episode_env_steps) {
  EnvironmentOptions options = WithRepeat(repeat_action_probability);
  options.max_episode_env_steps = max_episode_env_steps;
  return options;
}

// Plays random actions, with a Reset after each end, and returns all that was seen.
std::vector<Moment> PlayRandomly(Environment& environment, std::string_view player, int env_steps) {
  RandomStream random(1, player);
  std::vector<Moment> moments;
  for (int i = 0; i < env_steps; ++i) {
    const StepResult result = environment.Step(static_cast<int>(random.Below(6)));
    moments.push_back({result, Observation(environment)});
    if (result.done()) environment.Reset();
  }
  return moments;
}

class EveryMinatarGame : public ::testing::TestWithParam<std::string> {
 protected:
  std::unique_ptr<Environment> Make(const EnvironmentOptions& options = {}) {
    return MakeMinatar(GetParam(), options);
  }
};

INSTANTIATE_TEST_SUITE_P(Minatar, EveryMinatarGame, ::testing::ValuesIn(MinatarGames()),
                         [](const auto& info) { return info.param; });

TEST_P(EveryMinatarGame, SaysWhatItIs) {
  const EnvironmentSpec spec = Make()->spec();
  EXPECT_EQ(spec.id, "minatar:" + GetParam());
  EXPECT_THAT(spec.action_names, ElementsAre("n", "l", "u", "r", "d", "f"));
  EXPECT_EQ(spec.observation.type, ElementType::kUint8);
  EXPECT_EQ(spec.observation.height, 10);
  EXPECT_EQ(spec.observation.width, 10);
  EXPECT_EQ(spec.observation.stack, 1);
  EXPECT_EQ(spec.observation.scale, 1.0f);
  EXPECT_EQ(spec.native_width, 10);
  EXPECT_EQ(spec.native_height, 10);
  EXPECT_EQ(spec.frames_per_second, 15);
  EXPECT_FALSE(spec.max_episode_env_steps.has_value());
}

TEST_P(EveryMinatarGame, StacksFramesAndLimitsEpisodesOnRequest) {
  EnvironmentOptions options = WithLimit(0, 50);
  options.frame_stack = 3;
  const EnvironmentSpec spec = Make(options)->spec();
  EXPECT_EQ(spec.observation.stack, 3);
  EXPECT_EQ(spec.max_episode_env_steps, 50);
}

TEST_P(EveryMinatarGame, RefusesOptionsOutOfTheirRange) {
  EXPECT_THROW(Make(WithRepeat(-0.1)), std::invalid_argument);
  EXPECT_THROW(Make(WithRepeat(1.1)), std::invalid_argument);
  EXPECT_THROW(Make(WithLimit(0, 0)), std::invalid_argument);
  EnvironmentOptions no_frames;
  no_frames.frame_stack = 0;
  EXPECT_THROW(Make(no_frames), std::invalid_argument);
}

TEST_P(EveryMinatarGame, StaysWithinItsSpec) {
  const auto game = Make();
  game->Reset(3);
  for (const Moment& moment : PlayRandomly(*game, "spec", 5000)) {
    EXPECT_GE(moment.result.reward, game->spec().min_reward);
    EXPECT_LE(moment.result.reward, game->spec().max_reward);
    EXPECT_FALSE(moment.result.truncated);
    EXPECT_EQ(moment.result.game_over, moment.result.terminated);
    ASSERT_THAT(moment.observation, ::testing::Each(::testing::Le(1)));
  }
}

TEST_P(EveryMinatarGame, PlaysTheSameUnderTheSameSeedAndActions) {
  const auto one = Make(), other = Make(), different = Make();
  one->Reset(8);
  other->Reset(8);
  different->Reset(9);
  const auto moments = PlayRandomly(*one, "player", 3000);
  EXPECT_EQ(PlayRandomly(*other, "player", 3000), moments);
  EXPECT_NE(PlayRandomly(*different, "player", 3000), moments);
}

TEST_P(EveryMinatarGame, ForgetsEverythingWhenResetWithASeed) {
  const auto used = Make(WithRepeat(0.5));
  used->Reset(1);
  PlayRandomly(*used, "before", 777);
  const auto fresh = Make(WithRepeat(0.5));
  used->Reset(2);
  fresh->Reset(2);
  EXPECT_EQ(PlayRandomly(*used, "after", 1000), PlayRandomly(*fresh, "after", 1000));
}

TEST_P(EveryMinatarGame, TakesTheLow32BitsOfASeed) {
  const auto small = Make(), large = Make();
  small->Reset(77);
  large->Reset((uint64_t{5} << 32) + 77);
  EXPECT_EQ(PlayRandomly(*small, "player", 1000), PlayRandomly(*large, "player", 1000));
}

TEST_P(EveryMinatarGame, RepeatsTheLastActionWithTheGivenProbability) {
  const auto always_sticky = Make(WithRepeat(1.0));
  const auto idle = Make(WithRepeat(0.0));
  always_sticky->Reset(4);
  idle->Reset(4);
  for (int i = 0; i < 500; ++i) {
    const StepResult result = always_sticky->Step(i % 6);
    ASSERT_EQ(result, idle->Step(kNone));
    ASSERT_EQ(Observation(*always_sticky), Observation(*idle));
    if (!result.done()) continue;
    always_sticky->Reset();
    idle->Reset();
  }
}

TEST_P(EveryMinatarGame, ContinuesIdenticallyFromASavedState) {
  for (const double repeat : {0.1, 0.9}) {
    const EnvironmentOptions options = WithRepeat(repeat);
    const auto game = Make(options);
    game->Reset(21);
    RandomStream random(1, "save points");
    for (int point = 0; point < 60; ++point) {
      PlayRandomly(*game, "way " + std::to_string(point), static_cast<int>(random.Below(150)));
      const std::string state = game->SaveState();
      const auto restored = Make(options);
      restored->LoadState(state);
      ASSERT_EQ(Observation(*restored), Observation(*game));
      ASSERT_EQ(restored->SaveState(), state);
      ASSERT_EQ(PlayRandomly(*restored, "on", 400), PlayRandomly(*game, "on", 400))
          << "save point " << point;
    }
  }
}

TEST_P(EveryMinatarGame, SavesAnEndedEpisodeToo) {
  const auto game = Make(WithLimit(0.5, 400));
  game->Reset(5);
  for (int i = 0; !game->Step(i % 6).done();) ++i;
  const auto restored = Make(WithLimit(0.5, 400));
  restored->LoadState(game->SaveState());
  EXPECT_EQ(Observation(*restored), Observation(*game));
  restored->Reset();
  game->Reset();
  EXPECT_EQ(PlayRandomly(*restored, "on", 1000), PlayRandomly(*game, "on", 1000));
}

TEST_P(EveryMinatarGame, RefusesAStateThatIsCutOrTooLong) {
  const auto game = Make();
  game->Reset(6);
  PlayRandomly(*game, "player", 100);
  const std::string state = game->SaveState();
  for (size_t size = 0; size < state.size(); ++size) {
    ASSERT_THROW(game->LoadState(std::string_view(state).substr(0, size)), std::runtime_error);
  }
  EXPECT_THROW(game->LoadState(state + '\0'), std::runtime_error);
  game->LoadState(state);
  EXPECT_EQ(game->SaveState(), state);
}

TEST_P(EveryMinatarGame, RefusesTheStateOfAnotherGame) {
  for (const std::string& other : MinatarGames()) {
    if (other == GetParam()) continue;
    EXPECT_THROW(Make()->LoadState(NewGame(other, 1)->SaveState()), std::runtime_error);
  }
}

// What a flipped byte may do is to make another possible game; what it must not do is to make an
// impossible one, which would draw or play beyond the grid.
TEST_P(EveryMinatarGame, RefusesDamageOrPlaysOnWithinItsGrid) {
  const auto game = Make();
  game->Reset(12);
  PlayRandomly(*game, "player", 140);
  const std::string state = game->SaveState();
  const size_t first_game_byte = 2500;  // before it come words of random numbers, all possible
  int refused = 0;
  for (size_t i = first_game_byte; i < state.size(); ++i) {
    for (const char flip : {'\x01', '\x0A', '\xFF'}) {
      std::string damaged = state;
      damaged[i] = static_cast<char>(damaged[i] ^ flip);
      try {
        game->LoadState(damaged);
      } catch (const std::runtime_error&) {
        ++refused;
        continue;
      }
      PlayRandomly(*game, "on", 30);
    }
  }
  EXPECT_GT(refused, 100);
}

TEST_P(EveryMinatarGame, DrawsTheHighestChannelOfEachCell) {
  const auto game = NewGame(GetParam(), 1);
  const int channels = game->spec().observation.channels;
  for (int env_step = 0; env_step < 200; ++env_step) {
    const Image image = Picture(*game);
    ASSERT_EQ(image.palette.size(), 3u * (channels + 1));
    const std::vector<uint8_t> cells = Observation(*game);
    for (int cell = 0; cell < 100; ++cell) {
      int expected = 0;
      for (int channel = 0; channel < channels; ++channel) {
        if (cells[cell * channels + channel] != 0) expected = channel + 1;
      }
      ASSERT_EQ(image.pixels[cell], expected) << "env_step " << env_step << ", cell " << cell;
    }
    if (game->Step(env_step % 6).done()) game->Reset();
  }
}

// The numbers are those of seaborn.color_palette("cubehelix", 4) and 10, times 255.
TEST(MinatarPalette, IsThatOfMinatarsOwnDisplay) {
  const auto colours = [](const std::string& game) { return Picture(*NewGame(game, 1)).palette; };
  const auto are = [](const std::vector<int>& numbers) {
    std::vector<::testing::Matcher<uint8_t>> matchers;
    for (const int number : numbers) {
      matchers.push_back(::testing::AllOf(::testing::Ge(number - 1), ::testing::Le(number + 1)));
    }
    return ::testing::ElementsAreArray(matchers);
  };
  EXPECT_THAT(colours("breakout"),
              are({0, 0, 0, 22, 61, 78, 84, 121, 47, 208, 126, 147, 193, 202, 243}));
  EXPECT_THAT(colours("seaquest"), are({0,   0,   0,   25,  18,  43,  23,  52,  76,  24,  91,
                                        72,  60,  118, 50,  126, 122, 54,  188, 121, 103, 212,
                                        134, 175, 202, 169, 231, 194, 210, 243, 214, 240, 239}));
}

TEST_P(EveryMinatarGame, IsTruncatedAtItsLimit) {
  const auto game = NewGame(GetParam(), 1, WithLimit(0, 4));
  for (int episode = 0; episode < 3; ++episode) {
    EXPECT_EQ(Repeat(*game, kNone, 3), StepResult{});
    EXPECT_EQ(game->Step(kNone), (StepResult{.truncated = true, .game_over = true}));
    game->Reset();
  }
}

TEST_P(EveryMinatarGame, CountsItsLimitOnFromASavedState) {
  const auto game = NewGame(GetParam(), 1, WithLimit(0, 4));
  Repeat(*game, kNone, 3);
  const auto restored = Make(WithLimit(0, 4));
  restored->LoadState(game->SaveState());
  EXPECT_TRUE(restored->Step(kNone).truncated);
}

TEST_P(EveryMinatarGame, ChangesNothingAfterItsEnd) {
  const auto game = Make();
  game->Reset(7);
  for (int i = 0; !game->Step(i % 6).done();) ++i;
  const std::vector<uint8_t> last = Observation(*game);
  EXPECT_EQ(game->Step(kRight), (StepResult{.terminated = true, .game_over = true}));
  EXPECT_EQ(Observation(*game), last);
}

TEST(MakeMinatar, NamesTheNearestGameForOneItDoesNotKnow) {
  try {
    MakeMinatar("seaqest", {});
    FAIL() << "made a game that does not exist";
  } catch (const std::invalid_argument& error) {
    EXPECT_THAT(error.what(), HasSubstr("seaqest"));
    EXPECT_THAT(error.what(), HasSubstr("did you mean \"seaquest\""));
  }
}

}  // namespace
}  // namespace dqnd
