#pragma once

#include <span>
#include <string>
#include <string_view>

namespace dqnd {

// The known name that a misspelt one most likely meant: the smallest edit distance (insertions,
// deletions, substitutions and swaps of neighbours count 1 each); the first of equals. Empty when
// none is nearer than half the word, since a far-fetched guess misleads.
std::string NearestName(std::string_view misspelt, std::span<const std::string> known);

}  // namespace dqnd
