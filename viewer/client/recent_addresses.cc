#include "viewer/client/recent_addresses.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

namespace dqnd {
namespace {

namespace fs = std::filesystem;

std::string StringOf(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

}  // namespace

fs::path RecentAddresses::DefaultPath() {
  const char* config = std::getenv("XDG_CONFIG_HOME");
  if (config != nullptr && *config != '\0') return fs::path(config) / "dqnd" / "recent.json";
  const char* home = std::getenv("HOME");
  if (home == nullptr || *home == '\0') return {};
  return fs::path(home) / ".config" / "dqnd" / "recent.json";
}

RecentAddresses::RecentAddresses(fs::path path) : path_(std::move(path)) {
  if (path_.empty()) return;
  std::ifstream file(path_);
  const nlohmann::json document = nlohmann::json::parse(file, nullptr, /*allow_exceptions=*/false);
  if (!document.is_array()) return;
  for (const nlohmann::json& each : document) {
    if (!each.is_object() || StringOf(each, "named").empty() || list_.size() == kMost) continue;
    list_.push_back({StringOf(each, "named"), StringOf(each, "fingerprint"),
                     StringOf(each, "token"), StringOf(each, "run_name")});
  }
}

void RecentAddresses::Add(RecentAddress address) {
  std::erase_if(list_, [&](const RecentAddress& each) { return each.named == address.named; });
  list_.insert(list_.begin(), std::move(address));
  if (list_.size() > kMost) list_.resize(kMost);
  Write();
}

void RecentAddresses::Remove(const std::string& named) {
  std::erase_if(list_, [&](const RecentAddress& each) { return each.named == named; });
  Write();
}

void RecentAddresses::Write() const {
  if (path_.empty()) return;
  nlohmann::json document = nlohmann::json::array();
  for (const RecentAddress& each : list_) {
    nlohmann::json object = {{"named", each.named}};
    if (!each.fingerprint.empty()) object["fingerprint"] = each.fingerprint;
    if (!each.token.empty()) object["token"] = each.token;
    if (!each.run_name.empty()) object["run_name"] = each.run_name;
    document.push_back(std::move(object));
  }
  std::error_code ignored;
  fs::create_directories(path_.parent_path(), ignored);
  fs::path part = path_;
  part += ".part";
  {
    std::ofstream file(part);
    // Before anything secret is in it.
    fs::permissions(part, fs::perms::owner_read | fs::perms::owner_write, ignored);
    file << document.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
    if (!file) return;
  }
  fs::rename(part, path_, ignored);
}

}  // namespace dqnd
