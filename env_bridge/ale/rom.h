#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace dqnd {

// The games that ALE plays with one player, in lower snake case as their ROM files are named,
// sorted.
const std::vector<std::string>& AleGameNames();

// Where the ROMs lie that dqnd was built with.
std::filesystem::path DefaultRomDirectory();

// The path of a game's ROM, checked so that ALE can load it: ALE itself ends the process at a file
// that is missing or unknown. `directory` empty means DefaultRomDirectory(). Throws
// std::invalid_argument, naming the file and the fix, when there is no such game, ALE has no
// single-player rules for it, or the file is missing, unreadable or another version of the game.
std::filesystem::path CheckedRom(std::string_view game, const std::string& directory);

}  // namespace dqnd
