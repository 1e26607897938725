#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <set>

#include "dqnd/v1/exhibition.grpc.pb.h"
#include "env_bridge/environment_options.h"
#include "env_bridge/policy.h"
#include "env_bridge/rpc/admission.h"

namespace dqnd {

// dqnd.v1.ExhibitionService: each call plays a game of its own in a thread of its own, which lives
// as long as the call.
class ExhibitionServiceImpl final : public v1::ExhibitionService::CallbackService {
 public:
  // Everything must outlive the service.
  struct Parts {
    Admission& admission;
    PolicySource& policies;
    EnvironmentOptions environment;
    double eps;                  // where a call names none
    std::atomic<int>& watchers;  // of all services; this one counts its own
    int most_watchers;
    std::chrono::milliseconds longest_write;  // then the client is taken for gone
    int most_exhibitions;
  };

  explicit ExhibitionServiceImpl(const Parts& parts) : parts_(parts) {}

  // REQUIRES: no call is open any more (Close, and the server was shut down).
  ~ExhibitionServiceImpl() override;

  grpc::ServerBidiReactor<v1::PlayRequest, v1::PlayResponse>* Play(
      grpc::CallbackServerContext* context) override;

  // Ends every open call; new ones are refused. Any thread.
  void Close();

 private:
  class Player;

  const Parts parts_;

  std::mutex mutex_;  // guards what follows
  bool closed_ = false;
  std::set<Player*> players_;
};

}  // namespace dqnd
