#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace dqnd {

// A daemon that was connected to before.
struct RecentAddress {
  std::string named;        // as a person typed it, less its token: see ResolveAddress
  std::string fingerprint;  // that a person confirmed; empty: none was needed
  std::string token;        // only where a person asked to keep it
  std::string run_name;

  friend bool operator==(const RecentAddress&, const RecentAddress&) = default;
};

// The list of the connection dialogue, newest first, in a file that only its owner may read.
//
// Owned and called by one thread.
class RecentAddresses {
 public:
  static constexpr size_t kMost = 12;

  // $XDG_CONFIG_HOME/dqnd/recent.json, or below ~/.config; empty when neither is set.
  static std::filesystem::path DefaultPath();

  // Reads `path`; a file that is missing or damaged gives an empty list. With an empty path nothing
  // is read or kept.
  explicit RecentAddresses(std::filesystem::path path);

  const std::vector<RecentAddress>& list() const { return list_; }

  // To the front; one entry for each `named`. Written at once: under another name, 0600, then
  // renamed. A disk that does not take it loses the list, nothing else.
  void Add(RecentAddress address);
  void Remove(const std::string& named);

 private:
  void Write() const;

  const std::filesystem::path path_;
  std::vector<RecentAddress> list_;
};

}  // namespace dqnd
