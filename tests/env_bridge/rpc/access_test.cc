#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "env_bridge/rpc/access.h"
#include "env_bridge/rpc/certificate.h"
#include "tests/env_bridge/rpc/served_run.h"

namespace dqnd {
namespace {

using grpc::StatusCode;

StatusCode GetRun(const ServedCatch& served, const std::string& token) {
  const auto context = ServedCatch::Call(token);
  v1::GetRunResponse response;
  return v1::RunService::NewStub(served.Connect())
      ->GetRun(context.get(), {}, &response)
      .error_code();
}

StatusCode Pause(const ServedCatch& served, const std::string& token) {
  const auto context = ServedCatch::Call(token);
  v1::PauseResponse response;
  return v1::RunService::NewStub(served.Connect())
      ->Pause(context.get(), {}, &response)
      .error_code();
}

int Mode(const std::filesystem::path& path) {
  struct stat status{};
  EXPECT_EQ(stat(path.c_str(), &status), 0) << path;
  return static_cast<int>(status.st_mode & 0777);
}

std::string Content(const std::filesystem::path& path) {
  std::ostringstream content;
  content << std::ifstream(path).rdbuf();
  return content.str();
}

TEST(Access, OnTcpNobodyLooksWithoutAToken) {
  const ServedCatch served;
  EXPECT_EQ(GetRun(served, ""), StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(GetRun(served, "wrong"), StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(GetRun(served, served.token(true) + "x"), StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(GetRun(served, served.token(true)), StatusCode::OK);
  EXPECT_EQ(GetRun(served, served.token(false)), StatusCode::OK);
}

TEST(Access, TheReadOnlyTokenLooksAndDoesNotControl) {
  const ServedCatch served;
  EXPECT_EQ(Pause(served, served.token(false)), StatusCode::PERMISSION_DENIED);
  EXPECT_TRUE(served.run.asked().empty());
  EXPECT_EQ(Pause(served, served.token(true)), StatusCode::OK);
  EXPECT_EQ(served.run.asked(), std::vector<std::string>{"pause"});
}

TEST(Access, StreamsAndGamesNeedATokenAsWell) {
  const ServedCatch served;
  auto context = ServedCatch::Call("");
  const auto stream = v1::StreamService::NewStub(served.Connect())->Watch(context.get(), {});
  v1::WatchResponse watched;
  EXPECT_FALSE(stream->Read(&watched));
  EXPECT_EQ(stream->Finish().error_code(), StatusCode::UNAUTHENTICATED);
  context = ServedCatch::Call("wrong");
  const auto game = v1::ExhibitionService::NewStub(served.Connect())->Play(context.get());
  v1::PlayResponse played;
  EXPECT_FALSE(game->Read(&played));
  EXPECT_EQ(game->Finish().error_code(), StatusCode::UNAUTHENTICATED);
}

TEST(Access, AUnixSocketNeedsNoTokenAndOnlyItsOwnerCanOpenIt) {
  const TemporaryFolder folder;
  const std::filesystem::path socket = folder.path() / "s";
  ServedCatch served({.listen = "unix:" + socket.string()});
  EXPECT_EQ(Mode(socket), 0600);
  EXPECT_EQ(Pause(served, ""), StatusCode::OK);
  EXPECT_EQ(served.server().LinkWithToken(true), "unix:" + socket.string());
}

TEST(Access, TokensLieInPrivateFilesAndStayTheSameOverARestart) {
  const TemporaryFolder folder;
  const std::filesystem::path access = folder.path() / "access";
  const Tokens first = FindOrMakeTokens(access);
  EXPECT_EQ(Mode(access), 0700);
  EXPECT_EQ(Mode(access / "control_token"), 0600);
  EXPECT_EQ(Mode(access / "read_only_token"), 0600);
  EXPECT_EQ(first.control.size(), 64u);
  EXPECT_NE(first.control, first.read_only);
  EXPECT_EQ(Content(access / "control_token"), first.control + "\n");
  const Tokens second = FindOrMakeTokens(access);
  EXPECT_EQ(second.control, first.control);
  EXPECT_EQ(second.read_only, first.read_only);
}

TEST(Access, OffLoopbackTheTokenTravelsUnderTls) {
  ServedCatch served({.listen = "0.0.0.0:0"});
  const std::string pem = Content(served.folder() / "access" / "certificate.pem");
  EXPECT_NE(served.server().address().find("?fingerprint=" + Fingerprint(pem)), std::string::npos);
  EXPECT_EQ(Mode(served.folder() / "access" / "key.pem"), 0600);

  const auto ask = [&](const std::shared_ptr<grpc::ChannelCredentials>& credentials) {
    const auto context = ServedCatch::Call(served.token(true));
    v1::GetRunResponse response;
    return v1::RunService::NewStub(served.Connect(credentials))
        ->GetRun(context.get(), {}, &response)
        .error_code();
  };
  grpc::SslCredentialsOptions trusting;
  trusting.pem_root_certs = pem;
  EXPECT_EQ(ask(grpc::SslCredentials(trusting)), StatusCode::OK);
  // Plain text to the TLS port, and a client that trusts another certificate.
  EXPECT_EQ(ask(grpc::InsecureChannelCredentials()), StatusCode::UNAVAILABLE);
  const TemporaryFolder other;
  trusting.pem_root_certs = MakeCertificate(other.path(), 1).certificate_pem;
  EXPECT_EQ(ask(grpc::SslCredentials(trusting)), StatusCode::UNAVAILABLE);
}

TEST(Access, HalfACertificatePairIsRefusedByName) {
  const TemporaryFolder folder;
  MakeCertificate(folder.path(), 1);
  std::filesystem::remove(folder.path() / "key.pem");
  try {
    FindOrMakeCertificate(folder.path());
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find("dqnd cert"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace dqnd
