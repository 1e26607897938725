#include "trainer/checkpoint/state_sections.h"

#include <algorithm>
#include <stdexcept>

#include <fmt/format.h>

namespace dqnd {
namespace {

// The first eight bytes of the file: "DQNDSTA" and the format's version.
constexpr uint64_t kMagic = 0x01'41'54'53'44'4e'51'44;

}  // namespace

std::string StateSections::Encode() const {
  ByteWriter writer;
  writer.U64(kMagic);
  writer.U64(sections_.size());
  for (const auto& [name, content] : sections_) {
    writer.String(name);
    writer.String(content);
  }
  return writer.Take();
}

StateSections StateSections::Decode(std::string_view bytes) {
  ByteReader reader(bytes);
  if (reader.U64() != kMagic) {
    throw std::runtime_error("saved state does not begin as one of format 1 does");
  }
  StateSections state;
  for (uint64_t left = reader.U64(); left > 0; --left) {
    std::string name(reader.String());
    state.sections_.emplace_back(std::move(name), reader.String());
  }
  if (reader.remaining() > 0) throw std::runtime_error("saved state goes on after its end");
  return state;
}

std::string_view StateSections::Find(std::string_view name) const {
  const auto found =
      std::ranges::find_if(sections_, [&](const auto& section) { return section.first == name; });
  if (found == sections_.end()) ThrowDamaged(name, "it is missing");
  return found->second;
}

void StateSections::ThrowDamaged(std::string_view name, std::string_view what) {
  throw std::runtime_error(fmt::format("section {} of the saved state: {}", name, what));
}

}  // namespace dqnd
