// What every environment's pictures have in common.

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "env_bridge/vector_environment.h"
#include "tests/env_bridge/environment_checks.h"

namespace dqnd {
namespace {

// Slow, since each Atari game is loaded; what else holds of pictures is checked with a few.
TEST(EveryEnvironment, DrawsAPictureOfItsNativeSize) {
  for (const std::string& id : EnvironmentIds()) {
    const auto environment = MakeEnvironment({.id = id});
    environment->Reset(1);
    const Image image = Picture(*environment);
    EXPECT_EQ(image.width, environment->spec().native_width) << id;
    EXPECT_EQ(image.height, environment->spec().native_height) << id;
    EXPECT_EQ(image.pixels.size(), static_cast<size_t>(image.width) * image.height) << id;
    EXPECT_GT(environment->spec().frames_per_second, 0) << id;
  }
}

// All environments but Atari's, of which a few stand for the rest: the screen of air_raid is 250
// pixels high, others 210.
std::vector<std::string> Ids() {
  std::vector<std::string> ids = EnvironmentIds();
  std::erase_if(ids, [](const std::string& id) {
    return id.starts_with("ale:") && id != "ale:air_raid" && id != "ale:breakout";
  });
  return ids;
}

class Render : public testing::TestWithParam<std::string> {
 protected:
  std::unique_ptr<Environment> Make() const { return MakeEnvironment({.id = GetParam()}); }

  std::unique_ptr<Environment> Begun(uint64_t seed) const {
    auto environment = Make();
    environment->Reset(seed);
    return environment;
  }
};

INSTANTIATE_TEST_SUITE_P(Environments, Render, testing::ValuesIn(Ids()), [](const auto& info) {
  std::string name = info.param;
  std::ranges::replace(name, ':', '_');
  return name;
});

TEST_P(Render, DrawsNumbersIntoAPalette) {
  const auto environment = Begun(1);
  const Image image = Picture(*environment);
  EXPECT_EQ(image.channels(), 1);
  EXPECT_EQ(image.palette.size() % 3, 0u);
  EXPECT_LE(image.palette.size(), 256u * 3);
  EXPECT_LT(std::ranges::max(image.pixels), image.palette.size() / 3);
}

TEST_P(Render, ReplacesWhateverPictureWasThereBefore) {
  const auto environment = Begun(1);
  Image image{.width = 2, .height = 1, .palette = {}, .pixels = {1, 2, 3, 4, 5, 6}};
  environment->Render(image);
  EXPECT_EQ(image, Picture(*environment));
}

TEST_P(Render, ReusesTheMemoryOfAnEarlierPicture) {
  const auto environment = Begun(1);
  Image image = Picture(*environment);
  const uint8_t *const pixels = image.pixels.data(), *const palette = image.palette.data();
  RandomStream actions(1, "actions");
  for (int env_step = 0; env_step < 20; ++env_step) {
    PlayOn(*environment, actions);
    environment->Render(image);
    ASSERT_EQ(image.pixels.data(), pixels);
    ASSERT_EQ(image.palette.data(), palette);
  }
}

TEST_P(Render, ChangesNothingInTheGame) {
  const auto watched = Begun(1), alone = Begun(1);
  RandomStream actions(1, "actions"), same_actions(1, "actions");
  Image image;
  for (int env_step = 0; env_step < 200; ++env_step) {
    const std::string state = watched->SaveState();
    watched->Render(image);
    ASSERT_EQ(watched->SaveState(), state);
    ASSERT_EQ(PlayOn(*watched, actions), PlayOn(*alone, same_actions));
    ASSERT_EQ(Observed(*watched), Observed(*alone));
  }
  EXPECT_EQ(watched->SaveState(), alone->SaveState());
}

TEST_P(Render, ShowsThatTheGameGoesOn) {
  const auto environment = Begun(1);
  RandomStream actions(1, "actions");
  std::set<std::vector<uint8_t>> pictures;
  for (int env_step = 0; env_step < 40; ++env_step) {
    PlayOn(*environment, actions);
    pictures.insert(Picture(*environment).pixels);
  }
  EXPECT_GT(pictures.size(), 15u);
}

TEST_P(Render, DrawsALoadedStateAsItLookedWhenItWasSaved) {
  const auto played = Begun(1), used = Begun(2);
  RandomStream actions(1, "actions"), lengths(1, "lengths");
  for (int save = 0; save < 10; ++save) {
    for (uint32_t step = lengths.Below(50); step > 0; --step) PlayOn(*played, actions);
    const Image picture = Picture(*played);
    const auto fresh = Make();
    for (Environment* loaded : {fresh.get(), used.get()}) {
      loaded->LoadState(played->SaveState());
      ASSERT_EQ(Picture(*loaded), picture) << "save " << save;
      PlayOn(*loaded, actions);
    }
    // And what comes next looks the same again.
    used->LoadState(played->SaveState());
    ASSERT_EQ(used->Step(1), played->Step(1));
    ASSERT_EQ(Picture(*used), Picture(*played)) << "save " << save;
    played->Reset();
  }
}

TEST_P(Render, DrawsTheMomentOfAnEnd) {
  const auto environment =
      MakeEnvironment({.id = GetParam(), .max_episode_env_steps = 7});  // all reach it
  environment->Reset(1);
  int env_steps = 0;
  while (!environment->Step(0).done()) ++env_steps;
  EXPECT_EQ(env_steps, 6);
  const Image end = Picture(*environment);
  const auto loaded = Make();
  loaded->LoadState(environment->SaveState());
  EXPECT_EQ(Picture(*loaded), end);
}

TEST_P(Render, DrawsEachGameOfAVectorAsItsObservationsHaveIt) {
  const std::vector<uint64_t> seeds = {4, 5};
  const auto games = MakeVectorEnvironment({.id = GetParam(), .max_episode_env_steps = 9}, 2);
  games->Reset(seeds);
  std::vector<std::unique_ptr<Environment>> alone;
  for (const uint64_t seed : seeds) {
    alone.push_back(MakeEnvironment({.id = GetParam(), .max_episode_env_steps = 9}));
    alone.back()->Reset(seed);
  }
  Image image;
  for (int env_step = 0; env_step < 20; ++env_step) {
    for (int k = 0; k < 2; ++k) {
      games->Render(k, image);
      ASSERT_EQ(image, Picture(*alone[k])) << "env_step " << env_step << ", game " << k;
      if (alone[k]->Step(env_step % 2).done()) alone[k]->Reset();
    }
    games->Step(std::vector<int>(2, env_step % 2));
  }
}

}  // namespace
}  // namespace dqnd
