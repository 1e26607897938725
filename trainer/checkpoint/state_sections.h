#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"

namespace dqnd {

// The content of a checkpoint's state.bin: named sections of bytes, one a stateful part of the run,
// in the order in which they were added. docs/formats.md lists them.
class StateSections {
 public:
  // Adds what `save(ByteWriter&)` writes. REQUIRES: a name that was not added before.
  template <typename Save>
  void Add(std::string name, Save save) {
    ByteWriter writer;
    save(writer);
    sections_.emplace_back(std::move(name), writer.Take());
  }

  // Lets `load(ByteReader&)` read a section. Throws std::runtime_error naming the section when it
  // is not there, or was not read to its end; and what `load` throws.
  template <typename Load>
  void Get(std::string_view name, Load load) const {
    ByteReader reader(Find(name));
    try {
      load(reader);
    } catch (const std::runtime_error& error) {
      ThrowDamaged(name, error.what());
    }
    if (reader.remaining() > 0) ThrowDamaged(name, "it goes on after its end");
  }

  // Name and content of each.
  const std::vector<std::pair<std::string, std::string>>& all() const { return sections_; }

  // The whole file, and back. Decode throws std::runtime_error when the bytes are damaged.
  std::string Encode() const;
  static StateSections Decode(std::string_view bytes);

 private:
  std::string_view Find(std::string_view name) const;
  [[noreturn]] static void ThrowDamaged(std::string_view name, std::string_view what);

  std::vector<std::pair<std::string, std::string>> sections_;
};

}  // namespace dqnd
