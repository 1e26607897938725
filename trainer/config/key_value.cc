#include "trainer/config/key_value.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "base/nearest_name.h"

namespace dqnd {
namespace {

using Json = nlohmann::json;  // whose names are in order: a mapping has one text

[[noreturn]] void FailType(const Key& key, const YAML::Node& node, const std::string& hint = "") {
  throw std::invalid_argument(key.path + " must be " + DescribeType(key) + ", not " +
                              DescribeNode(node) + hint);
}

// A scalar that YAML would not take as text: neither quoted nor tagged otherwise.
bool IsPlain(const YAML::Node& node) {
  return node.IsScalar() && node.Tag() != "!";
}

std::string ShortestNumber(double value) {
  std::array<char, 32> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  return std::string(buffer.data(), end);
}

// A point is added where there is none, since YAML 1.1 readers (Python's) take 1e-08 as text.
std::string FormatDouble(double value) {
  std::string text = ShortestNumber(value);
  if (text.find('.') != std::string::npos) return text;
  const size_t exponent = text.find('e');
  return exponent == std::string::npos ? text + ".0" : text.insert(exponent, ".0");
}

std::string FormatText(const std::string& text) {
  using Json = nlohmann::json;
  return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string Format(bool value) {
  return value ? "true" : "false";
}
std::string Format(int value) {
  return std::to_string(value);
}
std::string Format(int64_t value) {
  return std::to_string(value);
}
std::string Format(double value) {
  return FormatDouble(value);
}
std::string Format(const std::string& value) {
  return FormatText(value);
}
std::string Format(const JsonText& value) {
  return value.text;
}
// 11h45m: hours, minutes and seconds, those that are not 0.
std::string Format(std::chrono::seconds value) {
  std::string text;
  const auto add = [&text](int64_t count, char unit) {
    if (count != 0) text += std::to_string(count) + unit;
  };
  add(value.count() / 3'600, 'h');
  add(value.count() / 60 % 60, 'm');
  add(value.count() % 60, 's');
  return text.empty() ? "0s" : text;
}
std::string Format(const std::vector<int64_t>& values) {
  std::string text;
  for (const int64_t value : values) text += (text.empty() ? "" : ", ") + std::to_string(value);
  return "[" + text + "]";
}

void CheckRange(const Key& key, double value, const YAML::Node& node) {
  if (key.range.Contains(value)) return;
  throw std::invalid_argument(key.path + " is " + node.Scalar() + "; allowed: " + key.range.Text() +
                              (key.unit.empty() ? "" : " " + key.unit));
}

// A scalar's digits without what only makes them easier to read: a leading `+`, `_` between digits.
std::string BareNumber(std::string text) {
  const auto is_digit = [&text](size_t at) { return text[at] >= '0' && text[at] <= '9'; };
  for (size_t i = 1; i + 1 < text.size(); ++i) {
    if (text[i] == '_' && is_digit(i - 1) && is_digit(i + 1)) text.erase(i, 1);
  }
  if (text.starts_with('+') && !text.starts_with("+-")) text.erase(0, 1);
  return text;
}

// The number that is all of `text`; absent when it is none, or not one that T can hold.
template <typename T>
std::optional<T> ParseNumber(const std::string& text) {
  T value = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || rest != end) return std::nullopt;
  return value;
}

double ReadNumber(const Key& key, const YAML::Node& node) {
  const auto value = IsPlain(node) ? ParseNumber<double>(BareNumber(node.Scalar())) : std::nullopt;
  if (!value || !std::isfinite(*value)) FailType(key, node);
  CheckRange(key, *value, node);
  return *value;
}

void Read(const Key& key, const YAML::Node& node, double& out) {
  out = ReadNumber(key, node);
}

int64_t ReadInteger(const Key& key, const YAML::Node& node) {
  const double value = ReadNumber(key, node);
  if (const auto exact = ParseNumber<int64_t>(BareNumber(node.Scalar()))) return *exact;
  constexpr double kLargest = 9'007'199'254'740'992;  // 2^53: below it a double holds every integer
  if (value != std::floor(value)) FailType(key, node, "; numbers are not rounded for you");
  if (std::abs(value) >= kLargest) FailType(key, node, ", which is too large");
  return static_cast<int64_t>(value);
}

void Read(const Key& key, const YAML::Node& node, int64_t& out) {
  out = ReadInteger(key, node);
}

void Read(const Key& key, const YAML::Node& node, int& out) {
  const int64_t value = ReadInteger(key, node);
  if (value < std::numeric_limits<int>::min() || value > std::numeric_limits<int>::max()) {
    throw std::invalid_argument(key.path + " is " + node.Scalar() +
                                ", which no integer holds here");
  }
  out = static_cast<int>(value);
}

void Read(const Key& key, const YAML::Node& node, bool& out) {
  const std::string text = IsPlain(node) ? node.Scalar() : "";
  if (text != "true" && text != "false") FailType(key, node);
  out = text == "true";
}

void Read(const Key& key, const YAML::Node& node, std::string& out) {
  if (!node.IsScalar()) FailType(key, node);
  out = node.Scalar();
}

// A number as JSON and YAML have it in common; absent where it is none. YAML's others (0x1F, .inf)
// would become something else without a word.
std::optional<Json> JsonNumber(const Key& key, const YAML::Node& node) {
  constexpr std::array<std::string_view, 4> kOfYamlAlone = {".inf", "-.inf", "+.inf", ".nan"};
  const std::string& text = node.Scalar();
  if (std::ranges::count(kOfYamlAlone, text) > 0 || text.starts_with("0x") ||
      text.starts_with("0o")) {
    throw std::invalid_argument(key.path + " holds " + text +
                                ", which JSON has no number for; write it in quotes where it is "
                                "text, or as a decimal number");
  }
  const std::string bare = BareNumber(text);
  if (const auto whole = ParseNumber<int64_t>(bare)) return *whole;
  const auto real = ParseNumber<double>(bare);
  if (real && std::isfinite(*real)) return *real;
  return std::nullopt;
}

Json ToJson(const Key& key, const YAML::Node& node) {
  Json json;
  if (node.IsMap()) {
    json = Json::object();
    for (const auto& entry : node) {
      const std::string& name = entry.first.Scalar();
      if (json.contains(name)) throw std::invalid_argument(key.path + " has " + name + " twice");
      json[name] = ToJson(key, entry.second);
    }
  } else if (node.IsSequence()) {
    json = Json::array();
    for (const YAML::Node& element : node) json.push_back(ToJson(key, element));
  } else if (!node.IsNull()) {
    const std::string& text = node.Scalar();
    json = text;
    if (!IsPlain(node) || node.Tag().ends_with(":str")) return json;
    if (text == "true" || text == "false") return text == "true";
    if (auto number = JsonNumber(key, node)) return *std::move(number);
  }
  return json;
}

// Written as YAML's own lists and mappings, or as text that is JSON.
void Read(const Key& key, const YAML::Node& node, JsonText& out) {
  const Json json =
      node.IsScalar() ? Json::parse(node.Scalar(), nullptr, /*throw*/ false) : ToJson(key, node);
  if (!json.is_structured()) FailType(key, node);
  out.text = json.dump();
}

void Read(const Key& key, const YAML::Node& node, std::vector<int64_t>& out) {
  if (!node.IsSequence()) FailType(key, node, "; an example: [256, 256]");
  if (!key.length.Contains(static_cast<double>(node.size()))) {
    throw std::invalid_argument(key.path + " has " + std::to_string(node.size()) +
                                " elements; allowed: " + key.length.Text());
  }
  std::vector<int64_t> values;
  for (const YAML::Node& element : node) values.push_back(ReadInteger(key, element));
  out = std::move(values);
}

// Counts with their units, the largest first and each once: 11h45m, 90s.
void Read(const Key& key, const YAML::Node& node, std::chrono::seconds& out) {
  constexpr std::array<std::pair<char, int64_t>, 3> kUnits = {{{'h', 3'600}, {'m', 60}, {'s', 1}}};
  constexpr int64_t kLongest = int64_t{10} * 365 * 24 * 3'600;
  const std::string text = IsPlain(node) ? node.Scalar() : "";
  const char* at = text.data();
  const char* const end = at + text.size();
  size_t unit = 0;
  int64_t seconds = 0;
  while (at != end) {
    int64_t count = 0;
    const auto [rest, error] = std::from_chars(at, end, count);
    while (rest != end && unit < kUnits.size() && kUnits[unit].first != *rest) ++unit;
    if (error != std::errc() || rest == end || unit == kUnits.size() || count < 0 ||
        count > kLongest) {
      FailType(key, node);
    }
    seconds += count * kUnits[unit++].second;
    at = rest + 1;
  }
  if (text.empty() || seconds > kLongest) FailType(key, node);
  CheckRange(key, static_cast<double>(seconds), node);
  out = std::chrono::seconds(seconds);
}

template <typename T>
void Read(const Key& key, const YAML::Node& node, std::optional<T>& out) {
  if (node.IsNull() || (IsPlain(node) && node.Scalar() == key.unset_word)) {
    out.reset();
    return;
  }
  T value{};
  Read(key, node, value);
  out = std::move(value);
}

void ReadName(const Key& key, const YAML::Node& node, const EnumPointer& member) {
  const std::string name = node.IsScalar() ? node.Scalar() : "";
  for (size_t i = 0; i < member.names().size(); ++i) {
    if (member.names()[i] == name) return member.SetIndex(i);
  }
  const std::string nearest = NearestName(name, member.names());
  FailType(key, node, nearest.empty() ? "" : "; did you mean " + nearest + "?");
}

struct TypeName {
  std::string operator()(bool*) const { return "true or false"; }
  std::string operator()(int*) const { return "an integer"; }
  std::string operator()(int64_t*) const { return "an integer"; }
  std::string operator()(double*) const { return "a number"; }
  std::string operator()(std::string*) const { return "text"; }
  std::string operator()(JsonText*) const { return "a mapping or a list"; }
  std::string operator()(std::chrono::seconds*) const {
    return "a time such as 11h45m, 30m or 90s (at most 10 years)";
  }
  std::string operator()(std::vector<int64_t>*) const { return "a list of integers"; }
  template <typename T>
  std::string operator()(std::optional<T>*) const {
    return (*this)(static_cast<T*>(nullptr));
  }
  std::string operator()(const EnumPointer& member) const {
    std::string text;
    for (const std::string& name : member.names()) text += (text.empty() ? "" : ", ") + name;
    return "one of " + text;
  }
};

}  // namespace

bool CanBeUnset(const Key& key) {
  return std::visit(
      [](const auto& member) {
        return IsOptional<std::remove_pointer_t<std::decay_t<decltype(member)>>>::value;
      },
      key.value);
}

bool IsUnset(const Key& key) {
  return std::visit(
      [](const auto& member) {
        if constexpr (IsOptional<std::remove_pointer_t<std::decay_t<decltype(member)>>>::value) {
          return !member->has_value();
        } else {
          return false;
        }
      },
      key.value);
}

std::string FormatNumber(double value) {
  const bool whole = value == std::floor(value) && std::abs(value) < 1e15;
  return whole ? std::to_string(static_cast<int64_t>(value)) : ShortestNumber(value);
}

std::string FormatValue(const Key& key) {
  return std::visit(
      [&key](const auto& member) -> std::string {
        using Member = std::decay_t<decltype(member)>;
        if constexpr (std::is_same_v<Member, EnumPointer>) {
          return member.names()[member.index()];
        } else if constexpr (IsOptional<std::remove_pointer_t<Member>>::value) {
          return *member ? Format(**member) : key.unset_word;
        } else {
          return Format(*member);
        }
      },
      key.value);
}

std::string DescribeType(const Key& key) {
  std::string text = std::visit(TypeName(), key.value);
  if (const std::string range = key.range.Text(); !range.empty()) {
    text += ", " + range + (key.unit.empty() ? "" : " " + key.unit);
  }
  if (CanBeUnset(key)) text += ", or " + key.unset_word;
  return text;
}

std::string DescribeNode(const YAML::Node& node) {
  if (node.IsSequence()) return "a list";
  if (node.IsMap()) return "a mapping";
  if (!node.IsScalar()) return "nothing";
  constexpr size_t kLongest = 60;
  const std::string& text = node.Scalar();
  const std::string shown = text.size() > kLongest ? text.substr(0, kLongest) + "..." : text;
  return node.Tag() == "!" ? "the text \"" + shown + "\"" : "'" + shown + "'";
}

void ReadValue(const Key& key, const YAML::Node& node) {
  std::visit(
      [&](const auto& member) {
        if constexpr (std::is_same_v<std::decay_t<decltype(member)>, EnumPointer>) {
          ReadName(key, node, member);
        } else {
          Read(key, node, *member);
        }
      },
      key.value);
}

}  // namespace dqnd
