#include "viewer/window/person_keys.h"

#include <array>
#include <cctype>
#include <string_view>

namespace dqnd {
namespace {

std::string UpperCase(std::string_view name) {
  std::string upper;
  for (const char c : name) {
    if (c != '_' && c != ' ' && c != '-') {
      upper += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
  }
  return upper;
}

bool Consume(std::string_view& text, std::string_view word) {
  if (!text.starts_with(word)) return false;
  text.remove_prefix(word.size());
  return true;
}

std::optional<HeldKeys> Parse(std::string_view name) {
  const std::string upper = UpperCase(name);
  for (const std::string_view nothing :
       {"NOOP", "NONE", "STAY", "NOTHING", "N", "NOPUSH", "IDLE"}) {
    if (upper == nothing) return HeldKeys();
  }
  HeldKeys held;
  if (upper.size() == 1) {
    switch (upper[0]) {
      case 'U':
        held.up = true;
        return held;
      case 'D':
        held.down = true;
        return held;
      case 'L':
        held.left = true;
        return held;
      case 'R':
        held.right = true;
        return held;
      case 'F':
        held.fire = true;
        return held;
      default:
        return std::nullopt;
    }
  }
  std::string_view rest = upper;
  Consume(rest, "PUSH");
  while (!rest.empty()) {
    if (Consume(rest, "UP")) {
      held.up = true;
    } else if (Consume(rest, "DOWN")) {
      held.down = true;
    } else if (Consume(rest, "LEFT")) {
      held.left = true;
    } else if (Consume(rest, "RIGHT")) {
      held.right = true;
    } else if (Consume(rest, "FIRE")) {
      held.fire = true;
    } else {
      return std::nullopt;
    }
  }
  return held;
}

std::array<bool, 5> Bits(const HeldKeys& held) {
  return {held.up, held.down, held.left, held.right, held.fire};
}

// How many of the held keys `action` says; nothing when it says one that is not held.
std::optional<int> Agreement(const HeldKeys& action, const HeldKeys& held) {
  const std::array<bool, 5> says = Bits(action);
  const std::array<bool, 5> wanted = Bits(held);
  int agreement = 0;
  for (size_t i = 0; i < says.size(); ++i) {
    if (says[i] && !wanted[i]) return std::nullopt;
    agreement += says[i] ? 1 : 0;
  }
  return agreement;
}

// Up and down together mean neither, as on a joystick.
HeldKeys WithoutContradictions(HeldKeys held) {
  if (held.up && held.down) held.up = held.down = false;
  if (held.left && held.right) held.left = held.right = false;
  return held;
}

}  // namespace

PersonKeys::PersonKeys(const std::vector<std::string>& action_names) {
  for (const std::string& name : action_names) {
    actions_.push_back(Parse(name));
    knows_names_ = knows_names_ || (actions_.back().has_value() && *actions_.back() != HeldKeys());
  }
}

std::optional<int> PersonKeys::ActionFor(const HeldKeys& held) const {
  const HeldKeys wanted = WithoutContradictions(held);
  std::optional<int> best;
  int best_agreement = -1;
  for (size_t i = 0; i < actions_.size(); ++i) {
    if (!actions_[i].has_value()) continue;
    const std::optional<int> agreement = Agreement(*actions_[i], wanted);
    if (agreement.has_value() && *agreement > best_agreement) {
      best = static_cast<int>(i);
      best_agreement = *agreement;
    }
  }
  return best;
}

}  // namespace dqnd
