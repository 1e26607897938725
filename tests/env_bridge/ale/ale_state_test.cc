#include <sys/wait.h>
#include <unistd.h>

#include <stdexcept>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <xxhash.h>

#include "base/random_stream.h"
#include "env_bridge/ale/make_ale.h"

namespace dqnd {
namespace {

struct Settings {
  std::string game;
  LifeLoss life_loss = LifeLoss::kIgnore;
  double repeat_action_probability = 0;
  bool fire_on_reset = false;
};

EnvironmentOptions Options(const Settings& settings) {
  EnvironmentOptions options;
  options.life_loss = settings.life_loss;
  options.repeat_action_probability = settings.repeat_action_probability;
  options.fire_on_reset = settings.fire_on_reset;
  options.max_frames_per_episode = 3000;  // so that each play meets some new games
  return options;
}

// Plays `env_steps` with actions of the stream, and digests all that came: observations, results,
// and what was executed.
uint64_t Play(Environment& environment, RandomStream& actions, int env_steps) {
  std::vector<uint8_t> observation(environment.spec().observation.bytes());
  uint64_t digest = 0;
  const auto add = [&](const void* data, size_t size) {
    digest = XXH3_64bits_withSeed(data, size, digest);
  };
  for (int i = 0; i < env_steps; ++i) {
    const StepResult result =
        environment.Step(static_cast<int>(actions.Below(environment.spec().num_actions())));
    add(&result.reward, sizeof result.reward);
    const bool ends[] = {result.terminated, result.truncated, result.game_over};
    add(ends, sizeof ends);
    environment.Observe(observation);
    add(observation.data(), observation.size());
    if (result.done()) environment.Reset();
    environment.Observe(observation);
    add(observation.data(), observation.size());
    const std::string details = environment.TraceDetails();
    add(details.data(), details.size());
  }
  return digest;
}

class AleState : public testing::TestWithParam<Settings> {};

TEST_P(AleState, ContinuesIdenticallyFromEverySavePoint) {
  const auto saved = MakeAle(GetParam().game, Options(GetParam()));
  saved->Reset(3);
  RandomStream actions(4, "actions");
  RandomStream lengths(5, "lengths");
  const auto used = MakeAle(GetParam().game, Options(GetParam()));
  used->Reset(8);
  for (int point = 0; point < 12; ++point) {
    Play(*saved, actions, 1 + static_cast<int>(lengths.Below(60)));
    const std::string state = saved->SaveState();
    // Into a new object and into one that was somewhere else.
    const auto fresh = MakeAle(GetParam().game, Options(GetParam()));
    for (Environment* loaded : {fresh.get(), used.get()}) {
      loaded->LoadState(state);
      EXPECT_EQ(loaded->SaveState(), state);
    }
    RandomStream fresh_actions = actions;
    RandomStream used_actions = actions;
    const uint64_t expected = Play(*saved, actions, 40);
    EXPECT_EQ(Play(*fresh, fresh_actions, 40), expected) << "save point " << point;
    EXPECT_EQ(Play(*used, used_actions, 40), expected) << "save point " << point;
  }
}

INSTANTIATE_TEST_SUITE_P(Games, AleState,
                         testing::Values(Settings{"breakout", LifeLoss::kTerminal, 0.25, true},
                                         Settings{"breakout", LifeLoss::kReset, 0.25},
                                         Settings{"pong", LifeLoss::kIgnore, 0.25},
                                         Settings{"qbert", LifeLoss::kTerminal},
                                         Settings{"ms_pacman", LifeLoss::kReset},
                                         Settings{"seaquest", LifeLoss::kTerminal, 0.25},
                                         Settings{"space_invaders"}, Settings{"tetris"},
                                         Settings{"montezuma_revenge", LifeLoss::kTerminal, 0.5}),
                         [](const testing::TestParamInfo<Settings>& settings) {
                           return settings.param.game + "_" + std::to_string(settings.index);
                         });

TEST(AleStates, ContinueIdenticallyInANewProcess) {
  const Settings settings{"breakout", LifeLoss::kTerminal, 0.25};
  const auto saved = MakeAle(settings.game, Options(settings));
  saved->Reset(3);
  RandomStream actions(4, "actions");
  Play(*saved, actions, 200);
  const std::string state = saved->SaveState();

  int pipe_ends[2];
  ASSERT_EQ(pipe(pipe_ends), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const auto loaded = MakeAle(settings.game, Options(settings));
    loaded->LoadState(state);
    const uint64_t digest = Play(*loaded, actions, 300);
    const bool written = write(pipe_ends[1], &digest, sizeof digest) == sizeof digest;
    _exit(written ? 0 : 1);
  }
  close(pipe_ends[1]);
  uint64_t digest = 0;
  ASSERT_EQ(read(pipe_ends[0], &digest, sizeof digest), static_cast<ssize_t>(sizeof digest));
  close(pipe_ends[0]);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(digest, Play(*saved, actions, 300));
}

TEST(AleStates, KeepANewGameDueAfterTheLastOneEnded) {
  EnvironmentOptions options;
  options.max_frames_per_episode = 100;
  options.life_loss = LifeLoss::kTerminal;
  const auto saved = MakeAle("pong", options);
  saved->Reset(3);
  while (!saved->Step(0).truncated) {
  }
  const auto loaded = MakeAle("pong", options);
  loaded->LoadState(saved->SaveState());
  saved->Reset();
  loaded->Reset();
  EXPECT_EQ(loaded->TraceDetails(), saved->TraceDetails());
  EXPECT_THAT(loaded->TraceDetails(), testing::HasSubstr("\"noops\": ["));
  EXPECT_EQ(loaded->SaveState(), saved->SaveState());
}

TEST(AleStates, CountTheEnvStepsOfAGameOn) {
  EnvironmentOptions options;
  options.max_episode_env_steps = 3;
  const auto saved = MakeAle("pong", options);
  saved->Reset(3);
  saved->Step(0);
  saved->Step(0);
  const auto loaded = MakeAle("pong", options);
  loaded->LoadState(saved->SaveState());
  EXPECT_TRUE(loaded->Step(0).truncated);
}

TEST(AleStates, AreRefusedWhenTheyAreDamagedOrOfAnotherGame) {
  const auto pong = MakeAle("pong", {});
  pong->Reset(3);
  const std::string state = pong->SaveState();
  EXPECT_THROW(pong->LoadState(""), std::runtime_error);
  EXPECT_THROW(pong->LoadState("something else entirely, long enough for a header"),
               std::runtime_error);
  EXPECT_THROW(pong->LoadState(state.substr(0, state.size() - 1)), std::runtime_error);
  EXPECT_THROW(pong->LoadState(state + "x"), std::runtime_error);
  for (const size_t position : {size_t{3}, size_t{40}, state.size() / 2, state.size() - 1}) {
    std::string damaged = state;
    damaged[position] ^= 1;
    EXPECT_THROW(pong->LoadState(damaged), std::runtime_error) << "at byte " << position;
  }
  EXPECT_THROW(MakeAle("breakout", {})->LoadState(state), std::runtime_error);
  pong->LoadState(state);
  EXPECT_EQ(pong->SaveState(), state);
}

}  // namespace
}  // namespace dqnd
