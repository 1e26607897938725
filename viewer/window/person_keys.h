#pragma once

#include <optional>
#include <string>
#include <vector>

namespace dqnd {

// What a person holds down of a joystick that a keyboard stands for.
struct HeldKeys {
  bool up = false;
  bool down = false;
  bool left = false;
  bool right = false;
  bool fire = false;

  friend bool operator==(const HeldKeys&, const HeldKeys&) = default;
};

// Which action of an environment a person means. Understands the names of Atari (NOOP, FIRE,
// UPRIGHTFIRE), MinAtar (n, l, u, r, d, f) and words (left, none, stay); other names have no keys,
// only numbers.
class PersonKeys {
 public:
  explicit PersonKeys(const std::vector<std::string>& action_names);

  // The action that says exactly what is held; or the one that says most of it; with nothing held,
  // or nothing that fits, the one that does nothing. Absent where a game has no such action: the
  // one before goes on.
  std::optional<int> ActionFor(const HeldKeys& held) const;

  // Whether any action but "do nothing" can be reached by these keys.
  bool knows_names() const { return knows_names_; }

 private:
  std::vector<std::optional<HeldKeys>> actions_;  // by index; absent: a name nobody understands
  bool knows_names_ = false;
};

}  // namespace dqnd
