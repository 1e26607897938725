#pragma once

#include <chrono>
#include <memory>
#include <stop_token>
#include <string_view>

#include "dqnd/v1/run.pb.h"
#include "viewer/client/address.h"
#include "viewer/client/connection_error.h"

namespace grpc {
class Channel;
class ClientContext;
class Status;
}  // namespace grpc

namespace dqnd {

// How patient a connection is.
struct ConnectionOptions {
  // For the host's numbers, TCP and TLS together.
  std::chrono::milliseconds connect_timeout = std::chrono::seconds(5);
  // For calls that the daemon answers at once.
  std::chrono::milliseconds call_timeout = std::chrono::seconds(10);
  // For calls that wait for something: a checkpoint, a cycle, the end of an evaluation.
  std::chrono::milliseconds long_call_timeout = std::chrono::minutes(10);
};

// A gRPC connection to one daemon. The constructor learns who listens before it sends anything
// secret: with a fingerprint, the certificate must be that one, and becomes the only one that the
// channel trusts; without, the daemon must speak plain text.
//
// A connection that is lost stays lost; Reconnector makes another. All methods may be called by any
// thread, and throw ConnectionError, within milliseconds when their `stop` is requested. A broken
// connection must not end the process: making one sets SIGPIPE to ignored, unless the program has a
// handler of its own.
class Connection {
 public:
  explicit Connection(Address address, const ConnectionOptions& options = {},
                      const std::stop_token& stop = {});
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  const Address& address() const { return address_; }

  // The calls of RunService, by their names.
  v1::GetRunResponse GetRun(const std::stop_token& stop = {});
  v1::PauseResponse Pause(const std::stop_token& stop = {});
  v1::ResumeResponse Resume(const std::stop_token& stop = {});
  // REQUIRES: 1 <= cycles <= 1,000,000, or the daemon declines (kRejected).
  v1::StepResponse Step(int64_t cycles, const std::stop_token& stop = {});
  v1::CheckpointResponse Checkpoint(const std::stop_token& stop = {});
  v1::StopResponse Stop(const std::stop_token& stop = {});
  v1::ListMetricsResponse ListMetrics(const std::stop_token& stop = {});

  // For streams: the channel, what every call carries, and what a status means to people. OK is the
  // end of a stream that should not end: kLost.
  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }
  void AddToken(grpc::ClientContext& context) const;
  ConnectionError ErrorOf(const grpc::Status& status) const;

 private:
  template <typename Response, typename Request, typename Method>
  Response Call(Method method, const Request& request, std::chrono::milliseconds timeout,
                const std::stop_token& stop);

  const Address address_;
  const ConnectionOptions options_;
  std::shared_ptr<grpc::Channel> channel_;
};

}  // namespace dqnd
