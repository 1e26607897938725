#pragma once

#include <atomic>
#include <chrono>
#include <list>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "dqnd/v1/stream.grpc.pb.h"
#include "env_bridge/policy.h"
#include "env_bridge/rpc/admission.h"
#include "env_bridge/run_control.h"
#include "env_bridge/watch/run_feed.h"
#include "env_bridge/watch/saliency_worker.h"
#include "env_bridge/watch/wakeup.h"
#include "env_bridge/watch/watch_hub.h"

namespace dqnd {

// dqnd.v1.StreamService: what the watch hub and the feed have, to every client that watches. One
// thread encodes for all of them; a stream has one message in flight, and what comes meanwhile is
// combined into the next.
class StreamServiceImpl final : public v1::StreamService::CallbackService {
 public:
  // Everything must outlive the service.
  struct Parts {
    Admission& admission;
    RunControl& control;
    const RunFeed& feed;
    WatchHub& hub;
    PolicySource& policies;
    Wakeup& news;                // which hub and feed notify
    std::atomic<int>& watchers;  // of all services; this one counts its own
    int most_watchers;
    std::chrono::milliseconds longest_write;  // then the client is taken for gone
  };

  explicit StreamServiceImpl(const Parts& parts);

  // REQUIRES: no stream is open any more (Close, and the server was shut down).
  ~StreamServiceImpl() override;

  grpc::ServerWriteReactor<v1::WatchResponse>* Watch(grpc::CallbackServerContext* context,
                                                     const v1::WatchRequest* request) override;

  // Ends every open stream; new ones are refused. Any thread.
  void Close();

 private:
  class Stream;

  void Run(const std::stop_token& stop);
  void Prepare(const std::vector<std::shared_ptr<Stream>>& streams);
  // Q-values of a step whose action was drawn at random; empty where it has its own.
  std::span<const float> ValuesOf(const std::shared_ptr<const Moment>& moment);
  void Remove(Stream* stream);

  const Parts parts_;

  std::mutex mutex_;  // guards what follows
  bool closed_ = false;
  std::list<std::shared_ptr<Stream>> streams_;

  // Owned by the thread; there while somebody wants moments.
  std::unique_ptr<LivePolicy> policy_;
  std::unique_ptr<SaliencyWorker> saliency_;
  std::shared_ptr<const Moment> thought_about_;  // what values_ are of
  std::vector<float> values_;

  std::jthread thread_;
};

}  // namespace dqnd
