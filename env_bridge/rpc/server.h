#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "env_bridge/environment_options.h"
#include "env_bridge/policy.h"
#include "env_bridge/run_control.h"
#include "env_bridge/watch/run_feed.h"
#include "env_bridge/watch/wakeup.h"
#include "env_bridge/watch/watch_hub.h"

namespace dqnd {

struct ServerOptions {
  // HOST:PORT (port 0 takes a free one), [IPV6]:PORT, or unix:PATH.
  std::string listen = "127.0.0.1:0";
  // Plain text also where the address can be reached from elsewhere.
  bool insecure = false;
  // Where the tokens and, with TLS, the certificate lie; made where missing.
  std::filesystem::path access_folder = {};
  int max_watchers = 64;       // clients that watch or play
  int max_exhibitions = 4;     // games at once
  int calls_per_second = 100;  // of one client, and as many at once
  std::string program_version = {};
  // A client that says nothing for so long is asked for a sign of life, and dropped when it gives
  // none.
  std::chrono::milliseconds silence{15'000};
  std::chrono::milliseconds answer_within{10'000};
  // A client that leaves a message unread for so long is dropped.
  std::chrono::milliseconds longest_write{30'000};
};

// What is served. Everything must outlive the server.
struct ServedRun {
  RunControl& control;
  PolicySource& policies;
  WatchHub& hub;
  const RunFeed& feed;
  Wakeup& news;                    // which hub and feed notify
  EnvironmentOptions environment;  // of exhibition games
  double exhibition_eps = 0;
};

// The RPC server of a run (proto/dqnd/v1): gRPC with its own threads, beside which the run goes on.
// Loopback addresses are served in plain text, others with TLS, both to clients with a token; a
// Unix socket (made with mode 0600) to whoever may open it. The standard health and reflection
// services answer everybody.
class Server {
 public:
  // Listens. Throws std::invalid_argument when `listen` is no address, and std::runtime_error when
  // it cannot be had: the port is taken, the name is unknown, the socket's folder is missing.
  Server(const ServerOptions& options, const ServedRun& run);

  // Ends every call, waiting half a second at most for clients to take what is under way. REQUIRES:
  // every command that was given to the RunControl is done, or will be.
  ~Server();

  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // How clients of this machine reach it, without a token: dqnd://127.0.0.1:50051,
  // dqnd://0.0.0.0:50051?fingerprint=sha256:HEX, or unix:/PATH. The content of the run directory's
  // file `address`.
  const std::string& address() const { return address_; }

  // The same with the token, for people to paste; not for logs.
  std::string LinkWithToken(bool control) const;

 private:
  struct Services;

  std::string address_;
  std::string control_token_;
  std::string read_only_token_;
  std::unique_ptr<Services> services_;
};

}  // namespace dqnd
