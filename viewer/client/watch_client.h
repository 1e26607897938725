#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <vector>

#include "dqnd/v1/run.pb.h"
#include "dqnd/v1/stream.pb.h"
#include "viewer/client/moment_decoder.h"
#include "viewer/client/reconnector.h"

namespace dqnd {

// What to watch; as WatchRequest.
struct WatchOptions {
  int environment_index = 0;
  double moments_per_second = 60;  // 0: none, only the run
  bool network_input = false;
  bool saliency = false;

  friend bool operator==(const WatchOptions&, const WatchOptions&) = default;
};

// What happened since the last look: of moments the newest, of everything else all.
struct WatchNews {
  std::optional<v1::GetRunResponse> run;           // after each handshake
  std::optional<v1::ListMetricsResponse> history;  // after each handshake; replaces all curves
  std::optional<v1::RunState> state;
  std::vector<v1::MetricsRow> metrics;  // may repeat rows that `history` has
  std::vector<v1::Event> events;        // may repeat the last hundred
  std::optional<DecodedMoment> moment;
  v1::StepSummary not_shown;
  std::vector<ConnectionStatus> statuses;  // in order; the last is how it stands
};

// Watches a run from a thread of its own, and goes on by itself when the connection is lost. Every
// picture is decoded there, as pictures depend on each other; of those that nobody took the newest
// remains. When nobody takes the news for a long time (65,536 lines or rows), the stream waits.
//
// All methods may be called by any thread. `wake` is called on the client's thread whenever there
// is news; it must be quick and may not call this object.
class WatchClient {
 public:
  // `sink` is given every moment, on the client's thread; may be empty.
  WatchClient(Reconnector::Options connection, const WatchOptions& watch,
              std::function<void()> wake, MomentSink sink = {});
  WatchClient(const WatchClient&) = delete;
  WatchClient& operator=(const WatchClient&) = delete;
  ~WatchClient();

  // Watches something else; a new stream over the same connection.
  void Watch(const WatchOptions& watch);

  // What happened since the last call; empty when nothing did.
  WatchNews TakeNews();

 private:
  void RunSession(Connection& connection, const v1::GetRunResponse& run,
                  const std::stop_token& stop);
  // One stream, until another is wanted. Throws ConnectionError when it ends otherwise.
  void RunStream(Connection& connection, const WatchOptions& watch, const std::stop_token& stop,
                 const std::stop_token& other_wanted, bool& has_history);
  void Publish(const v1::WatchResponse& response, MomentDecoder& decoder,
               const std::stop_token& stop);
  // Changes news_ under the lock, then wakes.
  template <typename Change>
  void Tell(Change change);

  const std::function<void()> wake_;
  const MomentSink sink_;
  std::mutex mutex_;
  std::condition_variable_any taken_;
  // Guarded by mutex_.
  WatchOptions watch_;
  std::stop_source other_wanted_;  // of the stream that runs
  WatchNews news_;
  // Last, so that its thread ends before what it uses.
  Reconnector reconnector_;
};

}  // namespace dqnd
