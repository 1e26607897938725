#include "viewer/client/recent_addresses.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/base/temporary_folder.h"

namespace dqnd {
namespace {

namespace fs = std::filesystem;

TEST(RecentAddresses, RemembersTheNewestFirstAndEachOnce) {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "new" / "recent.json";
  {
    RecentAddresses recent(path);
    recent.Add({.named = "a:1", .fingerprint = "", .token = "", .run_name = "first"});
    recent.Add({.named = "b:2", .fingerprint = "ff", .token = "kept", .run_name = ""});
    recent.Add({.named = "a:1", .fingerprint = "", .token = "", .run_name = "second"});
  }
  const RecentAddresses again(path);
  ASSERT_EQ(again.list().size(), 2u);
  EXPECT_EQ(again.list()[0].run_name, "second");
  EXPECT_EQ(again.list()[1].fingerprint, "ff");
  EXPECT_EQ(again.list()[1].token, "kept");
}

TEST(RecentAddresses, OnlyTheOwnerMayReadTheFile) {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "recent.json";
  RecentAddresses(path).Add({.named = "a:1", .fingerprint = "", .token = "t", .run_name = ""});
  EXPECT_EQ(fs::status(path).permissions(), fs::perms::owner_read | fs::perms::owner_write);
}

TEST(RecentAddresses, ADamagedFileIsAnEmptyList) {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "recent.json";
  for (const char* text : {"", "{", "[1, null, {\"named\": 7}]", "{\"named\": \"a:1\"}"}) {
    std::ofstream(path) << text;
    EXPECT_TRUE(RecentAddresses(path).list().empty()) << text;
  }
}

TEST(RecentAddresses, ForgetsTheOldestBeyondTheMost) {
  RecentAddresses recent{fs::path()};
  for (int i = 0; i < 20; ++i) {
    recent.Add({.named = std::to_string(i), .fingerprint = "", .token = "", .run_name = ""});
  }
  EXPECT_EQ(recent.list().size(), RecentAddresses::kMost);
  EXPECT_EQ(recent.list()[0].named, "19");
  recent.Remove("19");
  EXPECT_EQ(recent.list()[0].named, "18");
}

}  // namespace
}  // namespace dqnd
