#include "env_bridge/ale/rom.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "env_bridge/ale/make_ale.h"

namespace dqnd {
namespace {

using testing::AllOf;
using testing::HasSubstr;

// The message of the std::invalid_argument that making the game throws.
std::string Refusal(std::string_view game, const std::string& rom_directory = "") {
  EnvironmentOptions options;
  options.rom_directory = rom_directory;
  try {
    MakeAle(game, options);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  ADD_FAILURE() << game << " was made";
  return "";
}

class RomFolder : public testing::Test {
 protected:
  RomFolder() {
    std::string name = testing::TempDir() + "dqnd_roms_XXXXXX";
    folder_ = mkdtemp(name.data());
  }
  ~RomFolder() override { std::filesystem::remove_all(folder_); }

  std::string folder() const { return folder_.string(); }
  std::filesystem::path Path(const std::string& file) const { return folder_ / file; }
  void Copy(const std::string& from, const std::string& to) const {
    std::filesystem::copy_file(DefaultRomDirectory() / from, Path(to));
  }

 private:
  std::filesystem::path folder_;
};

TEST(AleRoms, ListEveryGameThatCameWithAleAndNoOther) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(DefaultRomDirectory())) {
    if (entry.path().extension() == ".bin") files.push_back(entry.path().stem().string());
  }
  std::vector<std::string> expected = AleGames();
  EXPECT_TRUE(std::is_sorted(expected.begin(), expected.end()));
  expected.insert(expected.end(), {"combat", "joust", "maze_craze", "warlords"});
  EXPECT_THAT(files, testing::UnorderedElementsAreArray(expected));
}

TEST(AleRoms, LetEveryListedGameStart) {
  for (const std::string& game : AleGames()) {
    EnvironmentOptions options;
    options.noop_max = 1;
    const auto environment = MakeAle(game, options);
    environment->Reset(1);
    EXPECT_EQ(environment->Step(0).game_over, false) << game;
  }
}

TEST(AleRoms, NameTheNearestGameWhenThereIsNoSuchGame) {
  EXPECT_THAT(Refusal("pogn"), AllOf(HasSubstr("ale:pogn"), HasSubstr("ale:pong")));
  EXPECT_THAT(Refusal("SpaceInvaders"), HasSubstr("ale:space_invaders"));
  EXPECT_THAT(Refusal("chess_with_dice"), HasSubstr("lower case"));
  EXPECT_THAT(Refusal("../roms/pong"), HasSubstr("there is no game"));
}

TEST(AleRoms, RefuseGamesThatAleCannotPlayAlone) {
  for (const char* game : {"combat", "joust", "maze_craze", "warlords"}) {
    EXPECT_THAT(Refusal(game), AllOf(HasSubstr(game), HasSubstr("single-player")));
  }
}

TEST_F(RomFolder, MayHoldTheRoms) {
  Copy("pong.bin", "pong.bin");
  EnvironmentOptions options;
  options.rom_directory = folder();
  EXPECT_EQ(MakeAle("pong", options)->spec().id, "ale:pong");
}

TEST_F(RomFolder, IsNamedWithTheFixWhenARomIsMissing) {
  EXPECT_THAT(Refusal("pong", folder()),
              AllOf(HasSubstr(Path("pong.bin").string()), HasSubstr("environment.rom_directory")));
}

TEST_F(RomFolder, IsNamedWithBothMd5sWhenARomIsAnotherVersion) {
  Copy("breakout.bin", "pong.bin");
  EXPECT_THAT(Refusal("pong", folder()),
              AllOf(HasSubstr(Path("pong.bin").string()), HasSubstr("expected 60e0ea3c"),
                    HasSubstr("f34f08e5")));
}

TEST_F(RomFolder, IsNamedWhenARomIsDamaged) {
  Copy("pong.bin", "pong.bin");
  std::filesystem::resize_file(Path("pong.bin"), 100);
  EXPECT_THAT(Refusal("pong", folder()), HasSubstr("another version"));
  std::filesystem::resize_file(Path("pong.bin"), 0);
  EXPECT_THAT(Refusal("pong", folder()), HasSubstr("another version"));
  std::filesystem::resize_file(Path("pong.bin"), 1 << 20);
  EXPECT_THAT(Refusal("pong", folder()), HasSubstr("1048576 bytes"));
}

TEST_F(RomFolder, IsNamedWhenARomIsAFolder) {
  std::filesystem::create_directory(Path("pong.bin"));
  EXPECT_THAT(Refusal("pong", folder()), HasSubstr("not a regular file"));
}

TEST_F(RomFolder, IsNamedWhenARomMayNotBeRead) {
  if (geteuid() == 0) GTEST_SKIP() << "root may read everything";
  Copy("pong.bin", "pong.bin");
  std::filesystem::permissions(Path("pong.bin"), std::filesystem::perms::none);
  EXPECT_THAT(Refusal("pong", folder()), HasSubstr("cannot be read"));
}

}  // namespace
}  // namespace dqnd
