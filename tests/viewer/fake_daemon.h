#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <vector>

#include "dqnd/v1/exhibition.pb.h"
#include "dqnd/v1/run.pb.h"
#include "dqnd/v1/stream.pb.h"
#include "viewer/client/address.h"

namespace dqnd {

// How a fake daemon behaves, and how it misbehaves.
struct FakeDaemonOptions {
  int port = 0;                    // 0: a free one
  std::string unix_path = {};      // not empty: there instead
  std::string control_token = {};  // both empty: everybody may do everything
  std::string read_only_token = {};
  bool tls = false;
  // Of the certificate that is made for it, from now on.
  std::chrono::seconds valid_for = std::chrono::hours(24);

  std::string host = "fake-host";
  double process_start_unix_seconds = 1000;
  int64_t env_steps = 250'000;
  int revision = 1;
  std::vector<v1::Feature> more_features = {};
  bool is_other_service = false;  // a gRPC server, but no daemon

  // What becomes of each picture before it is sent.
  std::function<void(v1::Picture&)> damage = {};
  // Before each answer.
  std::chrono::milliseconds delay{0};
};

// A daemon without a trainer behind it: a gRPC server on loopback that implements the three
// services with a small synthetic game, remembers every call, and can be told to fail. Its log,
// rows and phase are what tests make them; its game plays by itself.
//
// All methods may be called by any thread.
class FakeDaemon {
 public:
  explicit FakeDaemon(FakeDaemonOptions options = {});
  FakeDaemon(const FakeDaemon&) = delete;
  FakeDaemon& operator=(const FakeDaemon&) = delete;
  ~FakeDaemon();

  // Where it listens, with the control token and the fingerprint.
  Address address() const;
  int port() const { return port_; }
  const std::string& fingerprint() const { return fingerprint_; }

  void Log(const std::string& text, v1::EventLevel level = v1::EVENT_LEVEL_INFO);
  void WriteRow(int64_t env_steps, const std::vector<std::pair<std::string, double>>& values);

  // Every call and command so far: "GetRun", "Pause", "Press 2", "SetSpeed 4".
  std::vector<std::string> calls() const;
  // Waits until `call` has come `times` times; false when it does not within ten seconds.
  bool WaitForCall(const std::string& call, int times = 1) const;

 private:
  class Run;
  class Stream;
  class Exhibition;
  struct State;

  const std::shared_ptr<State> state_;
  int port_ = 0;
  std::string fingerprint_;
  struct Server;
  std::unique_ptr<Server> server_;
};

}  // namespace dqnd
