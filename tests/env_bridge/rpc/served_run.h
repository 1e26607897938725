#pragma once

#include <chrono>
#include <memory>
#include <string>

#include <grpcpp/grpcpp.h>

#include "dqnd/v1/exhibition.grpc.pb.h"
#include "dqnd/v1/run.grpc.pb.h"
#include "dqnd/v1/stream.grpc.pb.h"
#include "env_bridge/make_environment.h"
#include "env_bridge/rpc/server.h"
#include "tests/base/temporary_folder.h"
#include "tests/env_bridge/rpc/fake_run.h"
#include "tests/env_bridge/watch/test_policy.h"

namespace dqnd {

// A fake run of Catch behind a real server, and clients of it.
class ServedCatch {
 public:
  // `game` is what exhibition games play.
  explicit ServedCatch(ServerOptions options = {}, const EnvironmentOptions& game = {.id = "catch"})
      : policies_(StateBytes(game), CatchesTheBall) {
    options.access_folder = folder_.path() / "access";
    options.program_version = "1.2.3";
    server_ = std::make_unique<Server>(options, ServedRun{.control = run,
                                                          .policies = policies_,
                                                          .hub = hub,
                                                          .feed = feed,
                                                          .news = news_,
                                                          .environment = game,
                                                          .exhibition_eps = 0});
  }

  // HOST:PORT or unix:PATH, without scheme and query.
  std::string target() const {
    std::string address = server_->address();
    if (address.starts_with("dqnd://")) address = address.substr(7);
    return address.substr(0, address.find('?'));
  }

  std::string token(bool control) const {
    const std::string link = server_->LinkWithToken(control);
    return link.substr(link.find("token=") + 6);
  }

  // A channel of its own: channels of equal arguments would share a connection.
  std::shared_ptr<grpc::Channel> Connect(
      const std::shared_ptr<grpc::ChannelCredentials>& credentials =
          grpc::InsecureChannelCredentials()) const {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    arguments.SetSslTargetNameOverride("dqnd");
    return grpc::CreateCustomChannel(target(), credentials, arguments);
  }

  // Prepares a call: a deadline that ends a test that hangs, and a token unless it is empty.
  static std::unique_ptr<grpc::ClientContext> Call(const std::string& token) {
    auto context = std::make_unique<grpc::ClientContext>();
    context->set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
    if (!token.empty()) context->AddMetadata("authorization", "Bearer " + token);
    return context;
  }

  const std::filesystem::path& folder() const { return folder_.path(); }
  Server& server() { return *server_; }
  void EndServer() { server_ = nullptr; }

 private:
  static size_t StateBytes(const EnvironmentOptions& game) {
    const ObservationSpec spec = MakeEnvironment(game)->spec().observation;
    return static_cast<size_t>(spec.stack) * static_cast<size_t>(spec.bytes());
  }

  TemporaryFolder folder_;
  Wakeup news_;
  FunctionPolicySource policies_;

 public:
  FakeRun run{{.name = "fake",
               .environment = MakeEnvironment({.id = "catch"})->spec(),
               .n_envs = 1,
               .architecture = "mlp",
               .parameters = 99,
               .config_yaml = "run: {name: fake}\n"}};
  WatchHub hub{1, news_};
  RunFeed feed{news_};

 private:
  std::unique_ptr<Server> server_;
};

}  // namespace dqnd
