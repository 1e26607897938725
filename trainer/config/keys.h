#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "trainer/config/config.h"

namespace dqnd {

// A member that holds one of a few names: an enum class whose enumerators count from 0 in the order
// of `names`. The member must outlive the pointer.
class EnumPointer {
 public:
  template <typename Enum>
  EnumPointer(Enum* member, std::vector<std::string> names)
      : names_(std::move(names)),
        get_([member] { return static_cast<size_t>(*member); }),
        set_([member](size_t index) { *member = static_cast<Enum>(index); }) {}

  const std::vector<std::string>& names() const { return names_; }
  size_t index() const { return get_(); }
  void SetIndex(size_t index) const { set_(index); }

 private:
  std::vector<std::string> names_;
  std::function<size_t()> get_;
  std::function<void(size_t)> set_;
};

using KeyPointer =
    std::variant<bool*, int*, int64_t*, double*, std::string*, JsonText*, std::optional<bool>*,
                 std::optional<int>*, std::optional<int64_t>*, std::optional<double>*,
                 std::optional<std::string>*, std::optional<std::chrono::seconds>*,
                 std::vector<int64_t>*, EnumPointer>;

// The numbers that a key allows; an absent limit allows all.
struct Range {
  std::optional<double> min = {};
  std::optional<double> max = {};
  bool min_excluded = false;
  bool max_excluded = false;

  bool Contains(double value) const;
  // "1 to 1024", "above 0 and at most 1"; empty when all numbers are allowed.
  std::string Text() const;
};

enum class KeyRole {
  kResult,       // decides what the run computes: two starts of one run must agree on it
  kOperational,  // may change at every start
};

// One key of the configuration, bound to its member in one Config.
struct Key {
  std::string name;  // "batch_size"
  KeyPointer value;
  std::string documentation = {};  // one line
  std::string unit = {};           // "env_steps"; empty where the value has none
  Range range = {};                // of the number, or of every number of a list
  Range length = {};               // of a list: how many elements
  KeyRole role = KeyRole::kResult;
  std::string unset_word = "~";  // how an unset optional member is written

  // Filled in by KeyTable:
  std::string path = {};          // "train.batch_size"
  std::string default_yaml = {};  // the value in a Config that nobody changed, as YAML
};

struct KeySection {
  std::string name;
  std::string documentation;
  std::vector<Key> keys;
};

// Every key there is, in the order of files and help, bound to `config`, which must outlive the
// result. The parser, ToYaml, the help, the schema and the comparison of runs all come from it.
std::vector<KeySection> KeyTable(Config& config);

}  // namespace dqnd
