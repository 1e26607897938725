#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "ale/ale_interface.hpp"
#include "base/random_stream.h"
#include "env_bridge/ale/make_ale.h"
#include "env_bridge/ale/rom.h"
#include "tests/env_bridge/environment_checks.h"

namespace dqnd {
namespace {

std::vector<uint8_t> Colours(const Image& image) {
  std::vector<uint8_t> colours;
  for (const uint8_t pixel : image.pixels) {
    const auto colour = image.palette.begin() + 3 * pixel;
    colours.insert(colours.end(), colour, colour + 3);
  }
  return colours;
}

// ALE by itself, as the environment sets it up and without anything of ours.
std::unique_ptr<ale::ALEInterface> PlainAle(const std::string& game) {
  ale::Logger::setMode(ale::Logger::Error);
  auto plain = std::make_unique<ale::ALEInterface>();
  plain->setFloat("repeat_action_probability", 0.0f);
  plain->setInt("random_seed", 0);
  plain->loadROM(CheckedRom(game, ""));
  plain->reset_game();
  return plain;
}

std::vector<uint8_t> Colours(const ale::ALEInterface& plain) {
  std::vector<uint8_t> colours;
  plain.getScreenRGB(colours);
  return colours;
}

// The emulator's actions of the last Step or Reset, one a frame.
std::vector<int> Executed(const Environment& environment) {
  return nlohmann::json::parse(environment.TraceDetails())["actions"];
}

std::unique_ptr<Environment> Begun(const std::string& game, EnvironmentOptions options = {}) {
  auto environment = MakeAle(game, options);
  environment->Reset(1);
  return environment;
}

class AleRender : public testing::TestWithParam<std::string> {};

INSTANTIATE_TEST_SUITE_P(Games, AleRender,
                         testing::Values("breakout", "seaquest", "air_raid", "montezuma_revenge"),
                         [](const auto& info) { return info.param; });

TEST_P(AleRender, ShowsEveryFrameOfAPlainAleByteForByte) {
  const auto watched = Begun(GetParam(), {.repeat_action_probability = 0.25, .noop_max = 0});
  const auto plain = PlainAle(GetParam());
  EXPECT_EQ(Colours(Picture(*watched)), Colours(*plain));

  std::vector<std::vector<uint8_t>> frames;
  Image image;
  const auto render = [&] {
    watched->Render(image);
    frames.push_back(Colours(image));
  };
  watched->SetFrameObserver(render);
  RandomStream actions(1, "actions");
  for (int env_step = 0; env_step < 200; ++env_step) {
    frames.clear();
    const bool done =
        watched->Step(static_cast<int>(actions.Below(watched->spec().num_actions()))).done();
    render();
    const std::vector<int> executed = Executed(*watched);
    ASSERT_EQ(frames.size(), executed.size());
    for (size_t i = 0; i < frames.size(); ++i) {
      plain->act(static_cast<ale::Action>(executed[i]));
      ASSERT_EQ(frames[i], Colours(*plain)) << "env_step " << env_step << ", frame " << i;
    }
    if (done) break;
  }
}

TEST(AleFrameObserver, IsCalledOnceForEachFrameOfAnEnvStepButTheLast) {
  for (const int frame_skip : {1, 2, 4, 7}) {
    const auto pong = Begun("pong", {.frame_skip = frame_skip});
    int calls = 0;
    pong->SetFrameObserver([&] { ++calls; });
    for (int env_step = 1; env_step <= 20; ++env_step) {
      pong->Step(0);
      EXPECT_EQ(calls, env_step * (frame_skip - 1));
    }
  }
}

TEST(AleFrameObserver, IsNotCalledForTheFrameThatEndsAGame) {
  const auto pong = Begun("pong", {.noop_max = 0, .max_frames_per_episode = 10});
  int calls = 0;
  pong->SetFrameObserver([&] { ++calls; });
  EXPECT_FALSE(pong->Step(0).done());
  EXPECT_FALSE(pong->Step(0).done());
  EXPECT_EQ(calls, 6);
  EXPECT_TRUE(pong->Step(0).done());  // after two frames
  EXPECT_EQ(calls, 7);
}

TEST(AleFrameObserver, DoesNotSeeWhatAResetPlays) {
  const auto breakout =
      Begun("breakout", {.fire_on_reset = true, .life_loss = LifeLoss::kTerminal});
  int calls = 0;
  RandomStream actions(1, "actions");
  int resets = 0;
  for (int env_step = 0; resets < 7; ++env_step) {
    breakout->SetFrameObserver([&] { ++calls; });
    calls = 0;
    const StepResult result = breakout->Step(static_cast<int>(actions.Below(4)));
    EXPECT_EQ(calls + 1u, Executed(*breakout).size());
    if (!result.done()) continue;
    calls = 0;
    breakout->Reset();
    EXPECT_EQ(calls, 0);
    EXPECT_GE(Executed(*breakout).size(), 8u);  // the presses at least
    ++resets;
  }
}

TEST(AleFrameObserver, ChangesNothingAndCanBeTakenAway) {
  const auto watched = Begun("seaquest"), alone = Begun("seaquest");
  int calls = 0;
  Image image;
  watched->SetFrameObserver([&] {
    ++calls;
    watched->Render(image);
  });
  RandomStream actions(1, "actions"), same_actions(1, "actions");
  for (int env_step = 0; env_step < 200; ++env_step) {
    if (env_step == 100) watched->SetFrameObserver({});
    ASSERT_EQ(PlayOn(*watched, actions), PlayOn(*alone, same_actions));
    ASSERT_EQ(Observed(*watched), Observed(*alone));
  }
  EXPECT_EQ(calls, 300);
  EXPECT_EQ(watched->SaveState(), alone->SaveState());
}

}  // namespace
}  // namespace dqnd
