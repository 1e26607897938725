#pragma once

#include <string>
#include <string_view>

namespace dqnd {

// Text of a daemon or a file, such as the name of a run or of an action, fit for a terminal: with
// "?" for every control character, by which it could command the terminal.
std::string Printable(std::string_view text);

}  // namespace dqnd
