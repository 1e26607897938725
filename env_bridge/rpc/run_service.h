#pragma once

#include <atomic>
#include <functional>
#include <string>

#include "dqnd/v1/run.grpc.pb.h"
#include "env_bridge/rpc/admission.h"
#include "env_bridge/run_control.h"
#include "env_bridge/watch/run_feed.h"

namespace dqnd {

// dqnd.v1.RunService over a RunControl. Everything given must outlive it.
class RunServiceImpl final : public v1::RunService::CallbackService {
 public:
  struct Parts {
    Admission& admission;
    RunControl& control;
    const RunFeed& feed;
    const std::atomic<int>& watchers;  // clients that watch or play
    std::string program_version;
  };

  explicit RunServiceImpl(const Parts& parts);

  grpc::ServerUnaryReactor* GetRun(grpc::CallbackServerContext* context,
                                   const v1::GetRunRequest* request,
                                   v1::GetRunResponse* response) override;
  grpc::ServerUnaryReactor* Pause(grpc::CallbackServerContext* context,
                                  const v1::PauseRequest* request,
                                  v1::PauseResponse* response) override;
  grpc::ServerUnaryReactor* Resume(grpc::CallbackServerContext* context,
                                   const v1::ResumeRequest* request,
                                   v1::ResumeResponse* response) override;
  grpc::ServerUnaryReactor* Step(grpc::CallbackServerContext* context,
                                 const v1::StepRequest* request,
                                 v1::StepResponse* response) override;
  grpc::ServerUnaryReactor* Checkpoint(grpc::CallbackServerContext* context,
                                       const v1::CheckpointRequest* request,
                                       v1::CheckpointResponse* response) override;
  grpc::ServerUnaryReactor* Stop(grpc::CallbackServerContext* context,
                                 const v1::StopRequest* request,
                                 v1::StopResponse* response) override;
  grpc::ServerUnaryReactor* ListMetrics(grpc::CallbackServerContext* context,
                                        const v1::ListMetricsRequest* request,
                                        v1::ListMetricsResponse* response) override;

 private:
  // Starts a command and finishes the call when it is done; `fill` writes the response then.
  grpc::ServerUnaryReactor* Command(grpc::CallbackServerContext& context,
                                    const std::function<void(RunControl::Done)>& start,
                                    const std::function<void()>& fill);
  void FillState(v1::RunState& state) const;

  const Parts parts_;
  const double began_unix_seconds_;  // when the daemon began
};

}  // namespace dqnd
