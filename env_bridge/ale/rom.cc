#include "env_bridge/ale/rom.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <system_error>

#include <fmt/format.h>

#include "ale/emucore/MD5.hxx"
#include "ale/games/Roms.hpp"
#include "base/nearest_name.h"

namespace dqnd {
namespace {

// ROMs that come with ALE, but that it plays only with several players.
constexpr std::array<std::string_view, 4> kMultiplayerOnly = {"combat", "joust", "maze_craze",
                                                              "warlords"};

// The largest cartridge that ALE reads.
constexpr uintmax_t kLargestRomBytes = uintmax_t{512} * 1024;

std::string NoSuchGame(std::string_view game) {
  if (std::find(kMultiplayerOnly.begin(), kMultiplayerOnly.end(), game) != kMultiplayerOnly.end()) {
    return fmt::format(
        "ale:{} cannot be played: ALE has no single-player rules for this game; "
        "choose another",
        game);
  }
  const std::string nearest = NearestName(game, AleGameNames());
  if (!nearest.empty()) {
    return fmt::format("there is no game ale:{}; did you mean ale:{}?", game, nearest);
  }
  return fmt::format(
      "there is no game ale:{}; games are named as their ROM files, in lower case "
      "with underscores, such as ale:space_invaders",
      game);
}

std::string ReadRom(const std::filesystem::path& file) {
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::status(file, error);
  if (!std::filesystem::exists(status)) {
    throw std::invalid_argument(
        fmt::format("the ROM {} is not there; put it there, or set environment.rom_directory to "
                    "the folder that holds {}",
                    file.string(), file.filename().string()));
  }
  if (!std::filesystem::is_regular_file(status)) {
    throw std::invalid_argument(
        fmt::format("the ROM {} is not a regular file; put the game's ROM there", file.string()));
  }
  const uintmax_t size = std::filesystem::file_size(file, error);
  if (!error && size > kLargestRomBytes) {
    throw std::invalid_argument(
        fmt::format("the ROM {} has {} bytes, and an Atari 2600 ROM has {} at most; put the game's "
                    "ROM there",
                    file.string(), size, kLargestRomBytes));
  }
  std::ifstream in(file, std::ios::binary);
  std::string bytes(error ? 0 : size, '\0');
  if (error || !in || !in.read(bytes.data(), static_cast<std::streamsize>(size))) {
    throw std::invalid_argument(fmt::format(
        "the ROM {} cannot be read; give this user the right to read it", file.string()));
  }
  return bytes;
}

}  // namespace

const std::vector<std::string>& AleGameNames() {
  static const std::vector<std::string> names = {"adventure",
                                                 "air_raid",
                                                 "alien",
                                                 "amidar",
                                                 "assault",
                                                 "asterix",
                                                 "asteroids",
                                                 "atlantis",
                                                 "atlantis2",
                                                 "backgammon",
                                                 "bank_heist",
                                                 "basic_math",
                                                 "battle_zone",
                                                 "beam_rider",
                                                 "berzerk",
                                                 "blackjack",
                                                 "bowling",
                                                 "boxing",
                                                 "breakout",
                                                 "carnival",
                                                 "casino",
                                                 "centipede",
                                                 "chopper_command",
                                                 "crazy_climber",
                                                 "crossbow",
                                                 "darkchambers",
                                                 "defender",
                                                 "demon_attack",
                                                 "donkey_kong",
                                                 "double_dunk",
                                                 "earthworld",
                                                 "elevator_action",
                                                 "enduro",
                                                 "entombed",
                                                 "et",
                                                 "fishing_derby",
                                                 "flag_capture",
                                                 "freeway",
                                                 "frogger",
                                                 "frostbite",
                                                 "galaxian",
                                                 "gopher",
                                                 "gravitar",
                                                 "hangman",
                                                 "haunted_house",
                                                 "hero",
                                                 "human_cannonball",
                                                 "ice_hockey",
                                                 "jamesbond",
                                                 "journey_escape",
                                                 "kaboom",
                                                 "kangaroo",
                                                 "keystone_kapers",
                                                 "king_kong",
                                                 "klax",
                                                 "koolaid",
                                                 "krull",
                                                 "kung_fu_master",
                                                 "laser_gates",
                                                 "lost_luggage",
                                                 "mario_bros",
                                                 "miniature_golf",
                                                 "montezuma_revenge",
                                                 "mr_do",
                                                 "ms_pacman",
                                                 "name_this_game",
                                                 "othello",
                                                 "pacman",
                                                 "phoenix",
                                                 "pitfall",
                                                 "pitfall2",
                                                 "pong",
                                                 "pooyan",
                                                 "private_eye",
                                                 "qbert",
                                                 "riverraid",
                                                 "road_runner",
                                                 "robotank",
                                                 "seaquest",
                                                 "sir_lancelot",
                                                 "skiing",
                                                 "solaris",
                                                 "space_invaders",
                                                 "space_war",
                                                 "star_gunner",
                                                 "superman",
                                                 "surround",
                                                 "tennis",
                                                 "tetris",
                                                 "tic_tac_toe_3d",
                                                 "time_pilot",
                                                 "trondead",
                                                 "turmoil",
                                                 "tutankham",
                                                 "up_n_down",
                                                 "venture",
                                                 "video_checkers",
                                                 "video_chess",
                                                 "video_cube",
                                                 "video_pinball",
                                                 "wizard_of_wor",
                                                 "word_zapper",
                                                 "yars_revenge",
                                                 "zaxxon"};
  return names;
}

std::filesystem::path DefaultRomDirectory() {
  std::error_code error;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  const auto installed = program.parent_path().parent_path() / "share/dqnd/roms";
  return std::filesystem::exists(installed, error) ? installed : DQND_ROM_DIRECTORY;
}

std::filesystem::path CheckedRom(std::string_view game, const std::string& directory) {
  const std::vector<std::string>& names = AleGameNames();
  if (!std::binary_search(names.begin(), names.end(), game)) {
    throw std::invalid_argument(NoSuchGame(game));
  }
  const std::filesystem::path folder =
      directory.empty() ? DefaultRomDirectory() : std::filesystem::path(directory);
  const std::filesystem::path file = folder / (std::string(game) + ".bin");
  const std::string bytes = ReadRom(file);

  const std::unique_ptr<ale::RomSettings> rules(ale::buildRomRLWrapper(file, ""));
  if (!rules)
    throw std::invalid_argument(fmt::format("this build of ALE does not know ale:{}", game));
  const std::string md5 = ale::stella::MD5(reinterpret_cast<const uint8_t*>(bytes.data()),
                                           static_cast<uint32_t>(bytes.size()));
  if (md5 != rules->md5()) {
    throw std::invalid_argument(
        fmt::format("the ROM {} is another version of the game than ALE knows: its MD5 is {}, "
                    "expected {}; put that version there",
                    file.string(), md5, rules->md5()));
  }
  return file;
}

}  // namespace dqnd
