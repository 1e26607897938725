// What is written out of the table of keys: the resolved configuration of a run, the help, the JSON
// schema, and the differences between two configurations.

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>
#include <variant>

#include "trainer/config/config.h"
#include "trainer/config/key_value.h"
#include "trainer/config/keys.h"

namespace dqnd {
namespace {

using Json = nlohmann::ordered_json;

Json JsonNumber(double value) {
  if (value == std::floor(value) && std::abs(value) < 1e15) return static_cast<int64_t>(value);
  return value;
}

void AddRange(const Range& range, Json& schema) {
  if (range.min)
    schema[range.min_excluded ? "exclusiveMinimum" : "minimum"] = JsonNumber(*range.min);
  if (range.max)
    schema[range.max_excluded ? "exclusiveMaximum" : "maximum"] = JsonNumber(*range.max);
}

// The schema of a value of the type that is pointed to, without what means unset.
struct TypeSchema {
  const Key& key;

  Json operator()(bool*) const { return {{"type", "boolean"}}; }
  Json operator()(int*) const { return Number("integer"); }
  Json operator()(int64_t*) const { return Number("integer"); }
  Json operator()(double*) const { return Number("number"); }
  Json operator()(std::string*) const { return {{"type", "string"}}; }
  Json operator()(JsonText*) const { return {{"type", {"object", "array", "string"}}}; }
  Json operator()(std::chrono::seconds*) const {
    return {{"type", "string"}, {"pattern", "^([0-9]+h)?([0-9]+m)?([0-9]+s)?$"}};
  }
  Json operator()(const EnumPointer& member) const { return {{"enum", member.names()}}; }
  Json operator()(std::vector<int64_t>*) const {
    Json schema = {{"type", "array"}, {"items", Number("integer")}};
    if (key.length.min) schema["minItems"] = JsonNumber(*key.length.min);
    if (key.length.max) schema["maxItems"] = JsonNumber(*key.length.max);
    return schema;
  }
  template <typename T>
  Json operator()(std::optional<T>*) const {
    return (*this)(static_cast<T*>(nullptr));
  }

  Json Number(const char* type) const {
    Json schema = {{"type", type}};
    AddRange(key.range, schema);
    return schema;
  }
};

template <typename T>
Json CurrentJson(const T& value) {
  return value;
}
Json CurrentJson(const JsonText& value) {
  return Json::parse(value.text);
}
Json CurrentJson(std::chrono::seconds value) {
  return std::to_string(value.count()) + "s";
}

Json CurrentValue(const Key& key) {
  return std::visit(
      [&key](const auto& member) -> Json {
        using Member = std::decay_t<decltype(member)>;
        if constexpr (std::is_same_v<Member, EnumPointer>) {
          return member.names()[member.index()];
        } else if constexpr (IsOptional<std::remove_pointer_t<Member>>::value) {
          if (*member) return CurrentJson(**member);
          return key.unset_word == "~" ? Json(nullptr) : Json(key.unset_word);
        } else {
          return CurrentJson(*member);
        }
      },
      key.value);
}

Json KeySchema(const Key& key) {
  Json schema;
  const std::string unit = key.unit.empty() ? "" : " [" + key.unit + "]";
  schema["description"] = key.documentation + unit;
  schema["default"] = CurrentValue(key);
  Json type = std::visit(TypeSchema{key}, key.value);
  if (!CanBeUnset(key)) {
    schema.update(type);
    return schema;
  }
  schema["anyOf"] = {std::move(type), {{"type", "null"}}};
  if (key.unset_word != "~") schema["anyOf"].push_back({{"const", key.unset_word}});
  return schema;
}

const char* RoleName(const Key& key) {
  return key.role == KeyRole::kResult ? "result" : "operational";
}

}  // namespace

std::string ToYaml(const Config& config) {
  Config copy = config;
  constexpr size_t kCommentColumn = 36;
  std::ostringstream text;
  for (const KeySection& section : KeyTable(copy)) {
    text << section.name << ":  # " << section.documentation << "\n";
    for (const Key& key : section.keys) {
      std::string line = "  " + key.name + ": " + FormatValue(key);
      line.append(line.size() + 2 < kCommentColumn ? kCommentColumn - line.size() : 2, ' ');
      text << line << "# " << key.documentation;
      if (!key.unit.empty()) text << " [" << key.unit << "]";
      text << "\n";
    }
  }
  return text.str();
}

std::vector<std::string> DifferingResultKeys(const Config& here, const Config& there) {
  Config here_copy = here;
  Config there_copy = there;
  const std::vector<KeySection> here_table = KeyTable(here_copy);
  const std::vector<KeySection> there_table = KeyTable(there_copy);
  std::vector<std::string> differences;
  for (size_t i = 0; i < here_table.size(); ++i) {
    for (size_t j = 0; j < here_table[i].keys.size(); ++j) {
      const Key& key = here_table[i].keys[j];
      if (key.role == KeyRole::kOperational) continue;
      if (key.path == "train.total_env_steps" &&
          here.train.total_env_steps >= there.train.total_env_steps) {
        continue;
      }
      if (key.unset_word == "auto" && IsUnset(key)) continue;
      const std::string ours = FormatValue(key);
      const std::string theirs = FormatValue(there_table[i].keys[j]);
      if (ours != theirs) {
        std::string& difference = differences.emplace_back(key.path);
        difference.append(": ").append(ours).append(" here, ").append(theirs).append(" there");
      }
    }
  }
  return differences;
}

std::string ConfigHelp() {
  Config defaults;
  std::ostringstream text;
  text << "A configuration is a YAML file of sections with keys indented below them. What a file\n"
          "leaves out has the default given here. On the command line, section.key=value behind\n"
          "the file's name overrides it; the value is YAML too, and the last of several counts.\n"
          "~ is YAML's word for nothing. Integers may be written 100000, 100_000 or 1e5.\n"
          "Two starts are the same run when their result keys are equal; operational keys may\n"
          "change at every start.\n";
  for (const KeySection& section : KeyTable(defaults)) {
    text << "\n" << section.name << ": " << section.documentation << "\n";
    for (const Key& key : section.keys) {
      text << "  " << key.path << " = " << key.default_yaml << "\n";
      text << "      " << key.documentation << "\n";
      text << "      " << DescribeType(key) << "; " << RoleName(key) << "\n";
    }
  }
  return text.str();
}

std::string ConfigSchema() {
  Config defaults;
  Json sections = Json::object();
  for (const KeySection& section : KeyTable(defaults)) {
    Json keys = Json::object();
    for (const Key& key : section.keys) keys[key.name] = KeySchema(key);
    sections[section.name] = {{"description", section.documentation},
                              {"type", {"object", "null"}},
                              {"properties", std::move(keys)},
                              {"additionalProperties", false}};
  }
  const Json schema = {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                       {"title", "dqnd configuration"},
                       {"description", "A run of dqnd. Written by `dqnd --config-schema`."},
                       {"type", {"object", "null"}},
                       {"properties", std::move(sections)},
                       {"additionalProperties", false}};
  return schema.dump(2) + "\n";
}

}  // namespace dqnd
