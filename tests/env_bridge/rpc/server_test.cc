#include "env_bridge/rpc/server.h"

#include <fstream>
#include <stdexcept>

#include <gmock/gmock.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>

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

TEST(Server, HealthAnswersEverybody) {
  const ServedCatch served;
  grpc::ClientContext context;
  grpc::GenericStub stub(served.Connect());
  grpc::CompletionQueue queue;
  const grpc::Slice nothing;
  const grpc::ByteBuffer request(&nothing, 1);
  const auto call =
      stub.PrepareUnaryCall(&context, "/grpc.health.v1.Health/Check", request, &queue);
  call->StartCall();
  grpc::ByteBuffer response;
  grpc::Status status;
  call->Finish(&response, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);
  EXPECT_TRUE(status.ok()) << status.error_message();
  std::vector<grpc::Slice> slices;
  ASSERT_TRUE(response.Dump(&slices).ok());
  ASSERT_EQ(slices.size(), 1u);
  // status: SERVING
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(slices[0].begin()), slices[0].size()),
            std::string("\x08\x01"));
}

}  // namespace
}  // namespace dqnd
