#pragma once

#include <optional>
#include <string>

namespace dqnd {

// Keys that dqnd's design names and this version does not honour yet. They are refused with a
// sentence about what happens instead; whoever implements one moves it to trainer/config/keys.cc.
// Absent when `section`.`name` is no such key.
std::optional<std::string> AnswerLaterKey(const std::string& section, const std::string& name);

}  // namespace dqnd
