#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

#include "dqnd/v1/run.pb.h"
#include "viewer/client/connection.h"

namespace dqnd {

// How a client and its daemon stand.
struct ConnectionStatus {
  enum class Phase {
    kConnecting,
    kConnected,
    kWaiting,  // for the next attempt
    kFailed,   // no further attempt: a person has to change something
    kEnded,    // no further attempt: all that was asked for has come
  };
  Phase phase = Phase::kConnecting;
  // One line for people.
  std::string text;
  // Of kWaiting and kFailed: why.
  std::optional<ConnectionError> error;
};

// Keeps a client connected: connects, shakes hands, runs a session, and when that ends for a reason
// that may pass, waits (0.2 s, twice as long each time, at most 5 s) and does it again. The
// destination is resolved anew at each attempt.
//
// Owns the thread on which everything happens; the destructor ends it within milliseconds, whatever
// it does, provided that the session honours its stop_token.
class Reconnector {
 public:
  struct Options {
    Destination destination;
    // Whether the destination names a run directory in which a daemon is just starting, or will.
    bool is_starting = false;
    ConnectionOptions connection;
    std::chrono::milliseconds first_wait{200};
    std::chrono::milliseconds longest_wait{5000};
  };
  // Runs until the stream ends; throws ConnectionError that says why, and returns when stopped or
  // when all has come that was asked for.
  using Session = std::function<void(Connection& connection, const v1::GetRunResponse& run,
                                     const std::stop_token& stop)>;
  using OnStatus = std::function<void(const ConnectionStatus& status)>;

  // Both functions are called on the thread that begins here.
  Reconnector(Options options, Session session, OnStatus on_status);
  Reconnector(const Reconnector&) = delete;
  Reconnector& operator=(const Reconnector&) = delete;

 private:
  void Run(const std::stop_token& stop);
  // One attempt and its session. Throws ConnectionError or std::invalid_argument.
  void RunOnce(const std::stop_token& stop);
  void Say(ConnectionStatus::Phase phase, std::string text,
           std::optional<ConnectionError> error = std::nullopt) const;

  const Options options_;
  const Session session_;
  const OnStatus on_status_;
  // Owned by the thread.
  std::optional<v1::GetRunResponse> last_run_;
  std::chrono::milliseconds wait_;
  std::chrono::steady_clock::time_point connected_at_;
  bool connected_ = false;
  // Last, so that it ends before what it uses.
  std::jthread thread_;
};

}  // namespace dqnd
