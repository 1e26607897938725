#pragma once

#include <sys/types.h>

#include <string>

#include "env_bridge/remote/worker_link.h"

namespace dqnd {

// A worker of our own: `PROGRAM play --fd N`, which begins with this object and ends with it. The
// messages go over a pair of sockets, each behind its length (4 bytes, little-endian). What the
// worker writes to its standard output and error is heard, and its last lines are told when it
// dies.
class WorkerProcess final : public WorkerLink {
 public:
  static constexpr size_t kLargestMessage = size_t{1} << 30;  // bytes

  // Throws std::invalid_argument when there is no such program or it cannot be started.
  WorkerProcess(const std::string& program, std::stop_token give_up);
  WorkerProcess(const WorkerProcess&) = delete;
  WorkerProcess& operator=(const WorkerProcess&) = delete;

  // Takes two seconds at most.
  ~WorkerProcess() override;

  void Send(const v1::PlayGamesRequest& request) override;
  void Receive(v1::PlayGamesResponse& response, Clock::time_point deadline) override;
  int64_t resident_bytes() const override;

 private:
  void Listen();
  void Read(char* bytes, size_t size, Patience& patience);
  [[noreturn]] void Lose(const std::string& how);
  std::string HowItEnded();

  const std::stop_token give_up_;
  pid_t process_ = -1;  // -1: it has ended
  int socket_ = -1;
  int said_ = -1;           // what the worker writes for people
  std::string last_words_;  // the end of that
  std::string buffer_;
};

}  // namespace dqnd
