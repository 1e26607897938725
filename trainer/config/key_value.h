#pragma once

#include <yaml-cpp/yaml.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "trainer/config/keys.h"

namespace dqnd {

template <typename T>
struct IsOptional : std::false_type {};
template <typename T>
struct IsOptional<std::optional<T>> : std::true_type {};

// Whether a key can be unset, by `~` or by its own word.
bool CanBeUnset(const Key& key);
bool IsUnset(const Key& key);

// The value as YAML, in the shortest form that ReadValue reads back to the same value; texts in
// double quotes.
std::string FormatValue(const Key& key);

// A whole number without a point, any other in the shortest form that reads back to the same.
std::string FormatNumber(double value);

// What a key takes: "an integer, 1 to 1024", "one of adam, rmsprop, rmsprop_nature".
std::string DescribeType(const Key& key);

// What a node holds, for messages: 'text', nothing, a list, a mapping.
std::string DescribeNode(const YAML::Node& node);

// Reads `node` into the member that `key` is bound to. Integers may be written 100000, 100_000 or
// 1e5; booleans are true and false alone; a quoted scalar is text and never a number. Throws
// std::invalid_argument, without a position, when the node has another type or is out of range; the
// member is then unchanged.
void ReadValue(const Key& key, const YAML::Node& node);

}  // namespace dqnd
