#pragma once

#include <yaml-cpp/yaml.h>

#include <string>

namespace dqnd {

// The one document that `text` holds; a null node when it holds none. Throws YAML::ParserException,
// which knows the position, at broken YAML and at a second document.
YAML::Node LoadYamlDocument(const std::string& text);

}  // namespace dqnd
