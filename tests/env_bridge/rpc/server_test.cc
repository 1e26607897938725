#include "env_bridge/rpc/server.h"

#include <chrono>
#include <fstream>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "env_bridge/rpc/certificate.h"
#include "env_bridge/rpc/health_check.h"
#include "tests/env_bridge/rpc/served_run.h"

namespace dqnd {
namespace {

using testing::HasSubstr;

template <typename Exception>
std::string WhyNot(const std::string& listen) {
  try {
    const ServedCatch served({.listen = listen});
  } catch (const Exception& error) {
    return error.what();
  }
  return "it was served";
}

TEST(Server, TakesAFreePortWhereNoneIsNamed) {
  ServedCatch one, other;
  EXPECT_THAT(one.server().address(), testing::MatchesRegex("dqnd://127\\.0\\.0\\.1:[1-9][0-9]*"));
  EXPECT_NE(one.server().address(), other.server().address());
}

TEST(Server, APortThatIsTakenIsRefusedByName) {
  const ServedCatch served;
  EXPECT_THAT(WhyNot<std::runtime_error>(served.target()), HasSubstr(served.target()));
}

TEST(Server, WhatIsNoAddressIsRefusedWithTheForms) {
  for (const char* listen :
       {"", "50051", "host:", "host:70000", "host:5x", ":50051", "::1:5", "unix:"}) {
    EXPECT_THAT(WhyNot<std::invalid_argument>(listen), HasSubstr("write HOST:PORT")) << listen;
  }
  EXPECT_THAT(WhyNot<std::invalid_argument>("unix:/" + std::string(200, 'x')),
              HasSubstr("may have 107"));
}

TEST(Server, AFileThatIsNoSocketIsLeftAlone) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "precious";
  std::ofstream(path) << "content";
  EXPECT_THAT(WhyNot<std::invalid_argument>("unix:" + path.string()), HasSubstr("no socket"));
  EXPECT_EQ(std::filesystem::file_size(path), 7u);
}

TEST(Server, ASocketThatAnotherDaemonListensOnIsRefusedAndALeftOverOneReplaced) {
  const TemporaryFolder folder;
  const std::string listen = "unix:" + (folder.path() / "s").string();
  const ServerOptions options{.listen = listen};
  {
    const ServedCatch first(options);
    EXPECT_THAT(WhyNot<std::runtime_error>(listen), HasSubstr("another process"));
  }
  const ServedCatch second(options);
}

TEST(Server, HealthAnswersEverybodyWhileItServes) {
  ServedCatch served;
  const std::string address = served.server().address();
  EXPECT_EQ(CheckHealth(address, std::chrono::seconds(30)), "");
  served.EndServer();
  EXPECT_THAT(CheckHealth(address, std::chrono::milliseconds(200)), HasSubstr("does not answer"));
}

TEST(Server, HealthAsksTheDaemonThatRunsWhateverCertificateLiesThereNow) {
  ServedCatch served({.listen = "0.0.0.0:0"});
  const auto folder = served.folder() / "access";
  const std::string address = served.server().address();
  const auto health = [&](const std::string& asked) {
    return CheckHealth(asked, std::chrono::seconds(30));
  };
  EXPECT_EQ(health(address), "");
  MakeCertificate(folder, 1);  // dqnd cert, while the daemon runs
  EXPECT_EQ(health(address), "");
  std::filesystem::remove(folder / "certificate.pem");
  std::filesystem::remove(folder / "key.pem");
  EXPECT_EQ(health(address), "");
  EXPECT_FALSE(std::filesystem::exists(folder / "certificate.pem"));
  const std::string other = address.substr(0, address.find("sha256:")) + "sha256:0123";
  EXPECT_THAT(health(other), HasSubstr("another certificate"));
}

}  // namespace
}  // namespace dqnd
