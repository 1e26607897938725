#include "trainer/config/unknown_key.h"

#include <algorithm>
#include <optional>

#include "base/nearest_name.h"
#include "trainer/config/habits.h"

namespace dqnd {
namespace {

std::string Joined(const std::vector<std::string>& words, const std::string& separator) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : separator) + word;
  return text;
}

// batch-size and Batch_Size are habits of command lines.
std::string InOurSpelling(std::string name) {
  for (char& letter : name) {
    if (letter == '-') letter = '_';
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  }
  return name;
}

// Every path whose last part is `name`.
std::vector<std::string> PathsOf(const std::vector<KeySection>& table, const std::string& name) {
  std::vector<std::string> paths;
  for (const KeySection& section : table) {
    for (const Key& key : section.keys) {
      if (key.name == name) paths.push_back(key.path);
    }
  }
  return paths;
}

// What dqnd calls the setting, when the name is one of ours in another section, or another
// library's. `section` is empty at the top of a file.
std::optional<std::string> KnownElsewhere(const std::vector<KeySection>& table,
                                          const std::string& section, const std::string& name) {
  if (const auto habit = AnswerHabit(section + "." + name)) return habit;
  const std::vector<std::string> paths = PathsOf(table, name);
  if (!paths.empty()) return Joined(paths, " or ");
  return AnswerHabit(name);
}

std::string DidYouMean(const std::string& name, const std::vector<std::string>& known,
                       const std::string& what) {
  const std::string nearest = NearestName(name, known);
  if (!nearest.empty()) return "did you mean '" + nearest + "'?";
  return what + " " + Joined(known, ", ");
}

}  // namespace

std::string AnswerUnknownSection(const std::vector<KeySection>& table, const std::string& section) {
  const size_t dot = section.find('.');
  if (dot != std::string::npos) {
    return "'" + section + "' is the command line's spelling; in a file write '" +
           section.substr(0, dot) + ":' and, indented below it, '" + section.substr(dot + 1) + ":'";
  }
  const std::string spelled = InOurSpelling(section);
  if (const auto known = KnownElsewhere(table, "", spelled)) {
    return "there is no '" + section + "' at the top; dqnd has " + *known;
  }
  std::vector<std::string> sections;
  sections.reserve(table.size());
  for (const KeySection& known : table) sections.push_back(known.name);
  return "there is no section '" + section + "'; " +
         DidYouMean(spelled, sections, "the sections are");
}

std::string AnswerUnknownKey(const std::vector<KeySection>& table, const std::string& section,
                             const std::string& name) {
  const auto found = std::find_if(table.begin(), table.end(), [&section](const KeySection& known) {
    return known.name == section;
  });
  const std::string begin = "the section '" + section + "' has no key '" + name + "'; ";
  const std::string spelled = InOurSpelling(name);
  std::vector<std::string> names;
  for (const Key& key : found->keys) names.push_back(key.name);
  const bool misspelt = std::find(names.begin(), names.end(), spelled) != names.end();
  if (misspelt) return begin + "did you mean '" + spelled + "'?";
  if (const auto known = KnownElsewhere(table, section, spelled))
    return begin + "dqnd has " + *known;
  return begin + DidYouMean(spelled, names, "its keys are");
}

}  // namespace dqnd
