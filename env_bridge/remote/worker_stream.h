#pragma once

#include <memory>
#include <string>

#include "env_bridge/remote/worker_link.h"

namespace grpc {
class Channel;
}

namespace dqnd {

// A worker elsewhere: `dqnd-env serve` at an address, by gRPC (dqnd.v1.EnvironmentService). Each
// object is a stream of its own, and has a process of its own there.
class WorkerStream final : public WorkerLink {
 public:
  // A worker that is being restarted is waited for so long.
  static constexpr std::chrono::seconds kConnectTimeout{20};

  // `address`: HOST:PORT, with TLS and a token, or unix:PATH. `access`: a folder with the token and
  // the certificate that `dqnd-env serve` made, for the former; no other certificate is trusted.
  // Throws std::invalid_argument when these are wrong, and WorkerLost when no worker answers there.
  WorkerStream(const std::string& address, const std::string& access, std::stop_token give_up);
  WorkerStream(const WorkerStream&) = delete;
  WorkerStream& operator=(const WorkerStream&) = delete;
  ~WorkerStream() override;

  // Where the worker says that it cannot be used like this, both throw std::invalid_argument.
  void Send(const v1::PlayGamesRequest& request) override;
  void Receive(v1::PlayGamesResponse& response, Clock::time_point deadline) override;

 private:
  struct Call;

  bool Begin(bool wait);
  bool Wait(Clock::time_point deadline);
  [[noreturn]] void Lose();

  const std::string address_;
  const std::stop_token give_up_;
  std::string token_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<Call> call_;
};

}  // namespace dqnd
