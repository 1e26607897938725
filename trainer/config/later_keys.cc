#include "trainer/config/later_keys.h"

#include <array>
#include <string_view>

#include <fmt/format.h>

namespace dqnd {
namespace {

struct LaterKey {
  std::string_view section;
  std::string_view name;
  std::string_view instead;
};

constexpr std::array kLaterKeys = {
    LaterKey{"train", "overlap", "acting and learning take turns"},
};

}  // namespace

std::optional<std::string> AnswerLaterKey(const std::string& section, const std::string& name) {
  for (const LaterKey& key : kLaterKeys) {
    if (key.section != section || key.name != name) continue;
    return fmt::format("{}.{} is not in this version: {}; remove it", section, name, key.instead);
  }
  return std::nullopt;
}

}  // namespace dqnd
