#include "trainer/config/config.h"

#include <yaml-cpp/yaml.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <stdexcept>

#include "trainer/config/check.h"
#include "trainer/config/key_value.h"
#include "trainer/config/keys.h"
#include "trainer/config/unknown_key.h"
#include "trainer/config/yaml_document.h"

namespace dqnd {
namespace {

[[noreturn]] void Fail(const std::string& where, const std::string& message) {
  throw std::invalid_argument(where + ": " + message);
}

// Fills one Config from a file and then from overrides, and remembers where each key was written.
class ConfigReader {
 public:
  explicit ConfigReader(std::string source) : source_(std::move(source)) {}
  ConfigReader(const ConfigReader&) = delete;
  ConfigReader& operator=(const ConfigReader&) = delete;

  void ReadFile(std::string_view yaml);
  void ReadOverride(const std::string& override);
  Config Finish();

 private:
  struct Written {
    size_t order;
    std::string where;
  };

  std::string At(const YAML::Mark& mark) const;
  YAML::Node Root(std::string_view yaml) const;
  void ReadSection(const KeySection& section, const YAML::Node& keys);
  void ReadKey(const KeySection& section, const std::string& name, const YAML::Node& node,
               const std::string& name_at, const std::string& value_at);
  const KeySection* FindSection(const std::string& name) const;
  // The text of a mapping's key, which must be a scalar that was not written before.
  std::string NameOf(const YAML::Node& node, std::map<std::string, std::string>& seen) const;

  const std::string source_;
  Config config_;
  const std::vector<KeySection> table_ = KeyTable(config_);
  std::map<std::string, Written> written_;  // by path
};

std::string ConfigReader::At(const YAML::Mark& mark) const {
  if (mark.is_null()) return source_;
  return source_ + ":" + std::to_string(mark.line + 1) + ":" + std::to_string(mark.column + 1);
}

YAML::Node ConfigReader::Root(std::string_view yaml) const {
  try {
    return LoadYamlDocument(std::string(yaml));
  } catch (const YAML::Exception& error) {
    Fail(At(error.mark), "this is not YAML as expected: " + error.msg);
  }
}

const KeySection* ConfigReader::FindSection(const std::string& name) const {
  for (const KeySection& section : table_) {
    if (section.name == name) return &section;
  }
  return nullptr;
}

std::string ConfigReader::NameOf(const YAML::Node& node,
                                 std::map<std::string, std::string>& seen) const {
  const std::string where = At(node.Mark());
  if (!node.IsScalar()) Fail(where, "a key must be a plain name, not " + DescribeNode(node));
  const std::string& name = node.Scalar();
  if (name == "<<") Fail(where, "merge keys (<<) are not supported; write the keys out");
  const auto [first, is_new] = seen.emplace(name, where);
  if (!is_new) Fail(where, "'" + name + "' is written twice, first at " + first->second);
  return name;
}

void ConfigReader::ReadFile(std::string_view yaml) {
  const YAML::Node root = Root(yaml);
  if (root.IsNull()) return;
  if (!root.IsMap()) {
    Fail(At(root.Mark()), "expected sections such as 'train:' with keys indented below them, not " +
                              DescribeNode(root));
  }
  std::map<std::string, std::string> seen;
  for (const auto& entry : root) {
    const std::string name = NameOf(entry.first, seen);
    const KeySection* section = FindSection(name);
    if (section == nullptr) Fail(At(entry.first.Mark()), AnswerUnknownSection(table_, name));
    ReadSection(*section, entry.second);
  }
}

void ConfigReader::ReadSection(const KeySection& section, const YAML::Node& keys) {
  if (keys.IsNull()) return;
  if (!keys.IsMap()) {
    Fail(At(keys.Mark()), "'" + section.name +
                              "' is a section: write its keys indented below it; " + "found " +
                              DescribeNode(keys));
  }
  std::map<std::string, std::string> seen;
  for (const auto& entry : keys) {
    const std::string name = NameOf(entry.first, seen);
    ReadKey(section, name, entry.second, At(entry.first.Mark()), At(entry.second.Mark()));
  }
}

void ConfigReader::ReadKey(const KeySection& section, const std::string& name,
                           const YAML::Node& node, const std::string& name_at,
                           const std::string& value_at) {
  for (const Key& key : section.keys) {
    if (key.name != name) continue;
    try {
      ReadValue(key, node);
    } catch (const std::invalid_argument& error) {
      Fail(value_at, error.what() + std::string("; default: ") + key.default_yaml);
    }
    written_[key.path] = {written_.size(), value_at};
    return;
  }
  Fail(name_at, AnswerUnknownKey(table_, section.name, name));
}

void ConfigReader::ReadOverride(const std::string& override) {
  const std::string where = "override '" + override + "'";
  const size_t equals = override.find('=');
  if (equals == std::string::npos) {
    Fail(where, "write section.key=value, for example train.gamma=0.95");
  }
  const std::string path = override.substr(0, equals);
  const size_t dot = path.find('.');
  const std::string section_name = path.substr(0, dot);
  const KeySection* section = FindSection(section_name);
  if (section == nullptr) Fail(where, AnswerUnknownSection(table_, section_name));
  if (dot == std::string::npos) {
    Fail(where, "'" + path + "' is a section; write " + path + ".KEY=value");
  }
  YAML::Node value;
  try {
    value = LoadYamlDocument(override.substr(equals + 1));
  } catch (const YAML::Exception& error) {
    Fail(where, "the value is not YAML as expected: " + error.msg);
  }
  ReadKey(*section, path.substr(dot + 1), value, where, where);
}

Config ConfigReader::Finish() {
  ResolveDefaults(config_);
  CheckConfig(config_, [this](const std::vector<std::string>& paths) {
    const Written* last = nullptr;
    for (const std::string& path : paths) {
      const auto found = written_.find(path);
      if (found == written_.end()) continue;
      if (last == nullptr || found->second.order > last->order) last = &found->second;
    }
    return last == nullptr ? source_ : last->where;
  });
  return config_;
}

}  // namespace

bool LearnsDirectly(const Config& config) {
  return config.network.backend == Backend::kFloat && config.train.device == Device::kCpu &&
         config.train.learner == LearnerKind::kDirect;
}

Config ParseConfig(std::string_view yaml, const std::string& source,
                   const std::vector<std::string>& overrides) {
  ConfigReader reader(source);
  reader.ReadFile(yaml);
  for (const std::string& override : overrides) reader.ReadOverride(override);
  return reader.Finish();
}

Config LoadConfig(const std::string& path, const std::vector<std::string>& overrides) {
  if (!std::filesystem::exists(path)) {
    Fail(path,
         "there is no such file; give the path of a configuration, for example "
         "configs/quickstart.yaml");
  }
  if (std::filesystem::is_directory(path)) {
    Fail(path, "this is a folder; give the path of a configuration file in it");
  }
  std::ifstream file(path, std::ios::binary);
  const std::string yaml{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!file) Fail(path, "the file cannot be read; check its permissions");
  return ParseConfig(yaml, path, overrides);
}

}  // namespace dqnd
