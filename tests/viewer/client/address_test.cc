#include "viewer/client/address.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <stdexcept>
#include <vector>

#include "tests/base/temporary_folder.h"

namespace dqnd {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const std::string kHex = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

std::string ErrorOf(const std::string& text) {
  try {
    ParseAddress(text);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "no error";
}

void WriteFile(const std::filesystem::path& path, const std::string& text) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path) << text;
}

TEST(Address, ReadsEveryFormThatAPersonMayType) {
  EXPECT_EQ(ParseAddress("trainer.example:50051").Place(), "trainer.example:50051");
  EXPECT_EQ(ParseAddress("[::1]:7").host, "::1");
  EXPECT_EQ(ParseAddress("[::1]:7").Place(), "[::1]:7");
  EXPECT_EQ(ParseAddress("unix:/run/dqnd.sock").unix_path, "/run/dqnd.sock");
  const Address link =
      ParseAddress("dqnd://10.0.0.7:50051?token=s3cret&fingerprint=sha256:" + kHex);
  EXPECT_EQ(link.host, "10.0.0.7");
  EXPECT_EQ(link.port, 50051);
  EXPECT_EQ(link.token, "s3cret");
  EXPECT_EQ(link.fingerprint, kHex);
  EXPECT_TRUE(link.is_tls());
}

TEST(Address, TextLeadsBackToTheAddressButNeverHoldsTheToken) {
  const std::vector<std::string> texts = {"dqnd://a:1?token=s3cret&fingerprint=sha256:" + kHex,
                                          "dqnd://[::1]:2?token=s3cret", "unix:/x y"};
  for (const std::string& text : texts) {
    Address address = ParseAddress(text);
    EXPECT_THAT(address.Text(), Not(HasSubstr("s3cret")));
    address.token.clear();
    EXPECT_EQ(ParseAddress(address.Text()), address);
  }
}

TEST(Address, AFingerprintMayBeWrittenAsOpensslPrintsIt) {
  std::string colons;
  for (size_t i = 0; i < kHex.size(); i += 2) {
    colons += (i == 0 ? "" : ":") + std::string(1, static_cast<char>(toupper(kHex[i]))) +
              std::string(1, static_cast<char>(toupper(kHex[i + 1])));
  }
  EXPECT_EQ(ParseAddress("dqnd://a:1?fingerprint=" + colons).fingerprint, kHex);
}

TEST(Address, ErrorsSayTheValueAndTheFix) {
  EXPECT_THAT(ErrorOf("trainer"), AllOf(HasSubstr("\"trainer\""), HasSubstr("trainer:50051")));
  EXPECT_THAT(ErrorOf("trainer:99999"), HasSubstr("from 1 to 65535"));
  EXPECT_THAT(ErrorOf("trainer:"), HasSubstr("is no port"));
  EXPECT_THAT(ErrorOf("::1:50051"), HasSubstr("[::1]:50051"));
  EXPECT_THAT(ErrorOf("[::1:50051"), HasSubstr("lacks a \"]\""));
  EXPECT_THAT(ErrorOf("unix:"), HasSubstr("lacks the path"));
  EXPECT_THAT(ErrorOf("runs/quickstart:1"), HasSubstr("run directory"));
  EXPECT_THAT(ErrorOf("dqnd://a:1?fingerprint=sha256:12"), HasSubstr("64 hexadecimal digits"));
  EXPECT_THAT(ErrorOf("dqnd://a:1?colour=red"), HasSubstr("token and fingerprint"));
}

TEST(Address, ABadTokenIsRefusedButNotRepeated) {
  EXPECT_THAT(ErrorOf("dqnd://a:1?token=bad s3cret"),
              AllOf(HasSubstr("the token"), Not(HasSubstr("s3cret"))));
}

TEST(RunDirectory, GivesTheControlTokenOrElseTheReadOnlyOne) {
  TemporaryFolder run;
  WriteFile(run.path() / "address", "dqnd://127.0.0.1:50051\n");
  EXPECT_EQ(ResolveAddress(run.path().string()).token, "");
  WriteFile(run.path() / "access/read_only_token", "looking\n");
  EXPECT_EQ(ResolveAddress(run.path().string()).token, "looking");
  WriteFile(run.path() / "access/control_token", "acting\r\n");
  EXPECT_EQ(ResolveAddress(run.path().string()).token, "acting");
  EXPECT_EQ(ResolveAddress(run.path().string()).Place(), "127.0.0.1:50051");
}

TEST(RunDirectory, ADaemonThatListensEverywhereIsReachedThroughLoopback) {
  TemporaryFolder run;
  WriteFile(run.path() / "address", "dqnd://0.0.0.0:7?fingerprint=sha256:" + kHex);
  EXPECT_EQ(ReadRunDirectory(run.path()).Place(), "127.0.0.1:7");
  EXPECT_EQ(ReadRunDirectory(run.path()).fingerprint, kHex);
  WriteFile(run.path() / "address", "dqnd://[::]:7");
  EXPECT_EQ(ReadRunDirectory(run.path()).Place(), "[::1]:7");
}

TEST(RunDirectory, ASocketNeedsNoToken) {
  TemporaryFolder run;
  WriteFile(run.path() / "address", "unix:/run/x.sock\n");
  WriteFile(run.path() / "access/control_token", "acting\n");
  EXPECT_EQ(ReadRunDirectory(run.path()).unix_path, "/run/x.sock");
  EXPECT_EQ(ReadRunDirectory(run.path()).token, "");
}

TEST(RunDirectory, WithoutADaemonSaysHowToStartOne) {
  TemporaryFolder run;
  try {
    ResolveAddress(run.path().string());
    FAIL() << "no error";
  } catch (const std::invalid_argument& error) {
    EXPECT_THAT(error.what(), HasSubstr("dqnd serve"));
  }
}

}  // namespace
}  // namespace dqnd
