#include "trainer/checkpoint/manifest.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>
#include <xxhash.h>
#include <nlohmann/json.hpp>

namespace dqnd {
namespace {

using Json = nlohmann::ordered_json;

constexpr int64_t kFormatVersion = 1;
constexpr std::string_view kFormat = "dqnd checkpoint";
constexpr std::string_view kSealBegin = ",\n  \"xxh3\": \"";
constexpr std::string_view kSealEnd = "\"\n}\n";
constexpr size_t kSealBytes = kSealBegin.size() + 16 + kSealEnd.size();
constexpr size_t kLongestName = 255;

// A file name that stays in its folder, and shows in a terminal as what it is.
bool IsPlainName(std::string_view name) {
  return !name.empty() && name.size() <= kLongestName && name.front() != '.' &&
         std::ranges::all_of(name, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '.' || c == '_' || c == '-';
         });
}

std::string PlainName(const Json& entry) {
  const auto name = entry.at("name").get<std::string>();
  if (!IsPlainName(name)) {
    throw std::runtime_error(
        fmt::format("{} is no name of a file in its folder", entry.at("name").dump()));
  }
  return name;
}

// Plain get<> would turn -1 and 0.5 into counts without a word.
template <typename Integer>
Integer Count(const Json& value) {
  if (!value.is_number_unsigned()) {
    throw std::runtime_error(fmt::format("{} is no count", value.dump()));
  }
  const auto count = value.get<uint64_t>();
  if (count > uint64_t{1} << 62) throw std::runtime_error(fmt::format("{} is too large", count));
  return static_cast<Integer>(count);
}

uint64_t FromHex(const std::string& text) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc() || end != text.data() + text.size() || text.size() != 16) {
    throw std::runtime_error(fmt::format("\"{}\" is no 64-bit hexadecimal number", text));
  }
  return value;
}

Json FilesToJson(const std::vector<FileRecord>& files) {
  Json list = Json::array();
  for (const FileRecord& file : files) {
    list.push_back({{"name", file.name}, {"bytes", file.bytes}, {"xxh3", Hex(file.xxh3)}});
  }
  return list;
}

std::vector<FileRecord> FilesFromJson(const Json& list) {
  std::vector<FileRecord> files;
  for (const Json& entry : list) {
    files.push_back({.name = PlainName(entry),
                     .bytes = Count<uint64_t>(entry.at("bytes")),
                     .xxh3 = FromHex(entry.at("xxh3").get<std::string>())});
  }
  return files;
}

Manifest FromJson(const Json& json) {
  Manifest manifest;
  manifest.env_steps = Count<int64_t>(json.at("env_steps"));
  manifest.updates = Count<int64_t>(json.at("updates"));
  manifest.complete = json.at("complete").get<bool>();
  manifest.elapsed_seconds = json.at("elapsed_seconds").get<double>();
  manifest.saved_unix_seconds = Count<int64_t>(json.at("saved_unix_seconds"));
  manifest.program_version = json.at("program_version").get<std::string>();
  const Json& machine = json.at("machine");
  manifest.machine = {.processor = machine.at("processor").get<std::string>(),
                      .threads = Count<int64_t>(machine.at("threads")),
                      .libtorch = machine.at("libtorch").get<std::string>(),
                      .precision = machine.at("precision").get<std::string>()};
  manifest.files = FilesFromJson(json.at("files"));
  manifest.segments = FilesFromJson(json.at("segments"));
  for (const Json& entry : json.at("metrics")) {
    manifest.metrics.push_back({PlainName(entry), Count<uint64_t>(entry.at("bytes"))});
  }
  for (const Json& entry : json.at("changes")) {
    manifest.changes.push_back(
        {Count<int64_t>(entry.at("env_steps")), entry.at("what").get<std::string>()});
  }
  return manifest;
}

void CheckSeal(std::string_view text) {
  const std::string_view body = text.substr(0, text.size() - std::min(text.size(), kSealBytes));
  if (text.substr(body.size()) != fmt::format("{}{}{}", kSealBegin, Hex(Xxh3(body)), kSealEnd)) {
    throw std::runtime_error("its last member, xxh3, is not the hash of what comes before");
  }
}

}  // namespace

uint64_t Xxh3(std::string_view bytes) {
  return XXH3_64bits(bytes.data(), bytes.size());
}

std::string Hex(uint64_t value) {
  return fmt::format("{:016x}", value);
}

std::string EncodeManifest(const Manifest& manifest) {
  Json metrics = Json::array(), changes = Json::array();
  for (const FileLength& file : manifest.metrics) {
    metrics.push_back({{"name", file.name}, {"bytes", file.bytes}});
  }
  for (const ConfigChange& change : manifest.changes) {
    changes.push_back({{"env_steps", change.env_steps}, {"what", change.what}});
  }
  const Json json = {{"format", kFormat},
                     {"version", kFormatVersion},
                     {"env_steps", manifest.env_steps},
                     {"updates", manifest.updates},
                     {"complete", manifest.complete},
                     {"elapsed_seconds", manifest.elapsed_seconds},
                     {"saved_unix_seconds", manifest.saved_unix_seconds},
                     {"program_version", manifest.program_version},
                     {"machine",
                      {{"processor", manifest.machine.processor},
                       {"threads", manifest.machine.threads},
                       {"libtorch", manifest.machine.libtorch},
                       {"precision", manifest.machine.precision}}},
                     {"files", FilesToJson(manifest.files)},
                     {"segments", FilesToJson(manifest.segments)},
                     {"metrics", metrics},
                     {"changes", changes}};
  std::string text = json.dump(2, ' ', /*ensure_ascii=*/true, Json::error_handler_t::replace);
  text.resize(text.size() - 2);  // "\n}"
  return text + fmt::format("{}{}{}", kSealBegin, Hex(Xxh3(text)), kSealEnd);
}

Manifest DecodeManifest(std::string_view text, const std::string& source) {
  try {
    CheckSeal(text);  // in the same place in every format, so that damage is told from novelty
    const Json json = Json::parse(text);
    if (json.at("format") != kFormat) throw std::runtime_error("it is no manifest of dqnd");
    const auto version = Count<int64_t>(json.at("version"));
    if (version < kFormatVersion) {
      throw std::runtime_error(fmt::format("format {} is none that ever was", version));
    }
    if (version > kFormatVersion) {
      throw NewerCheckpoint(fmt::format(
          "{}: written by dqnd {} in format {}, this program reads up to format {}; go on with "
          "that version, or begin anew with --on-existing=new",
          source, json.at("program_version").get<std::string>(), version, kFormatVersion));
    }
    return FromJson(json);
  } catch (const NewerCheckpoint&) {
    throw;
  } catch (const std::exception& error) {  // ours, and nlohmann's
    throw DamagedCheckpoint(fmt::format("{}: {}", source, error.what()));
  }
}

}  // namespace dqnd
