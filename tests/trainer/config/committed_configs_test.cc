// Every file under configs/ works as it stands.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>

#include "tests/trainer/config/config_testing.h"

namespace dqnd {
namespace {

const std::filesystem::path kConfigs = std::filesystem::path(DQND_SOURCE_DIR) / "configs";

std::vector<std::string> CommittedConfigs() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(kConfigs)) {
    if (entry.path().extension() == ".yaml") {
      names.push_back(entry.path().lexically_relative(kConfigs).string());
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

Config Committed(const std::string& name) {
  return LoadConfig((kConfigs / name).string());
}

TEST(CommittedConfigs, AreThoseThatTheReadmeNames) {
  EXPECT_THAT(CommittedConfigs(),
              testing::IsSupersetOf({"atari/nature.yaml", "atari/pong_fast.yaml", "atari/v5.yaml",
                                     "binarized.yaml", "catch.yaml", "classic/acrobot.yaml",
                                     "classic/cartpole.yaml", "classic/mountain_car.yaml",
                                     "minatar/asterix.yaml", "minatar/breakout.yaml",
                                     "minatar/freeway.yaml", "minatar/seaquest.yaml",
                                     "minatar/space_invaders.yaml", "quickstart.yaml"}));
}

TEST(CommittedConfigs, AllAreAcceptedWithoutAWarning) {
  for (const std::string& name : CommittedConfigs()) {
    Config config;
    EXPECT_NO_THROW(config = Committed(name)) << name;
    EXPECT_THAT(ConfigWarnings(config), testing::IsEmpty()) << name;
  }
}

TEST(CommittedConfigs, BeginWithACommentThatSaysHowToRunThem) {
  for (const std::string& name : CommittedConfigs()) {
    std::ifstream file(kConfigs / name);
    std::string line, comment;
    while (std::getline(file, line) && line.starts_with('#')) comment += line + "\n";
    EXPECT_THAT(comment, testing::HasSubstr("#   dqnd train configs/" + name + "\n"));
  }
}

TEST(CommittedConfigs, HaveNamesOfTheirOwn) {
  std::map<std::string, std::string> files;
  for (const std::string& name : CommittedConfigs()) {
    const auto [first, is_new] = files.emplace(Committed(name).run.name, name);
    EXPECT_TRUE(is_new) << name << " and " << first->second;
  }
}

TEST(CommittedConfigs, NatureIsThePapersWithTheMeanLoss) {
  const Config config = Committed("atari/nature.yaml");
  EXPECT_EQ(config.replay.buffer_size, 1'000'000);
  EXPECT_EQ(config.train.learning_starts, 50'000);
  EXPECT_EQ(config.train.target_update_interval, 10'000);
  EXPECT_EQ(config.train.train_freq, 4);
  EXPECT_EQ(config.exploration.decay_env_steps, 1'000'000);
  EXPECT_EQ(config.optimizer.name, OptimizerName::kRmspropNature);
  EXPECT_EQ(config.optimizer.learning_rate, 2.5e-4);
  const auto batch_size = static_cast<double>(config.train.batch_size);
  EXPECT_EQ(config.optimizer.epsilon, 0.01 / (batch_size * batch_size));
}

TEST(CommittedConfigs, NatureMayBeCutShortOnTheCommandLine) {
  const Config config = LoadConfig((kConfigs / "atari/nature.yaml").string(),
                                   {"environment.id=ale:breakout", "train.total_env_steps=20000"});
  EXPECT_EQ(config.train.total_env_steps, 20'000);
}

TEST(CommittedConfigs, MinAtarGamesShareThePublishedSettings) {
  Config breakout = Committed("minatar/breakout.yaml");
  EXPECT_EQ(breakout.optimizer.centered, true);
  EXPECT_EQ(breakout.optimizer.epsilon, 0.01);
  EXPECT_EQ(breakout.train.total_env_steps, 5'000'000);
  for (const char* game : {"asterix", "freeway", "seaquest", "space_invaders"}) {
    const Config config = Committed("minatar/" + std::string(game) + ".yaml");
    EXPECT_EQ(config.environment.id, "minatar:" + std::string(game));
    breakout.environment.id = config.environment.id;
    EXPECT_THAT(DifferingResultKeys(config, breakout), testing::IsEmpty()) << game;
  }
}

}  // namespace
}  // namespace dqnd
