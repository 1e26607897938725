#include "env_bridge/rpc/run_service.h"

#include <utility>

#include <fmt/format.h>

#include "env_bridge/rpc/messages.h"
#include "env_bridge/watch/moment.h"

namespace dqnd {
namespace {

constexpr int64_t kMostCyclesAtOnce = 1'000'000;

grpc::ServerUnaryReactor* Finished(grpc::CallbackServerContext& context,
                                   const grpc::Status& status) {
  grpc::ServerUnaryReactor* reactor = context.DefaultReactor();
  reactor->Finish(status);
  return reactor;
}

}  // namespace

RunServiceImpl::RunServiceImpl(const Parts& parts)
    : parts_(parts), began_unix_seconds_(static_cast<double>(UnixNanoseconds()) / 1e9) {}

void RunServiceImpl::FillState(v1::RunState& state) const {
  ToMessage(parts_.control.state(), parts_.watchers, state);
}

grpc::ServerUnaryReactor* RunServiceImpl::Command(
    grpc::CallbackServerContext& context, const std::function<void(RunControl::Done)>& start,
    const std::function<void()>& fill) {
  if (const grpc::Status status = parts_.admission.Check(context, Permission::kControl);
      !status.ok()) {
    return Finished(context, status);
  }
  grpc::ServerUnaryReactor* reactor = context.DefaultReactor();
  start([reactor, fill](const std::string& failure) {
    if (failure.empty()) {
      fill();
      reactor->Finish(grpc::Status::OK);
    } else {
      reactor->Finish({grpc::StatusCode::FAILED_PRECONDITION, failure});
    }
  });
  return reactor;
}

grpc::ServerUnaryReactor* RunServiceImpl::GetRun(grpc::CallbackServerContext* context,
                                                 const v1::GetRunRequest* /*request*/,
                                                 v1::GetRunResponse* response) {
  const grpc::Status status = parts_.admission.Check(*context, Permission::kLook);
  if (status.ok()) {
    *response->mutable_contract() = ThisContract(parts_.program_version);
    v1::RunDescription& description = *response->mutable_description();
    ToMessage(parts_.control.description(), description);
    description.set_process_start_unix_seconds(began_unix_seconds_);
    FillState(*response->mutable_state());
    response->set_may_control(parts_.admission.MayControl(*context));
  }
  return Finished(*context, status);
}

grpc::ServerUnaryReactor* RunServiceImpl::Pause(grpc::CallbackServerContext* context,
                                                const v1::PauseRequest* /*request*/,
                                                v1::PauseResponse* response) {
  return Command(
      *context, [this](RunControl::Done done) { parts_.control.Pause(std::move(done)); },
      [this, response] { FillState(*response->mutable_state()); });
}

grpc::ServerUnaryReactor* RunServiceImpl::Resume(grpc::CallbackServerContext* context,
                                                 const v1::ResumeRequest* /*request*/,
                                                 v1::ResumeResponse* response) {
  return Command(
      *context, [this](RunControl::Done done) { parts_.control.Resume(std::move(done)); },
      [this, response] { FillState(*response->mutable_state()); });
}

grpc::ServerUnaryReactor* RunServiceImpl::Step(grpc::CallbackServerContext* context,
                                               const v1::StepRequest* request,
                                               v1::StepResponse* response) {
  const int64_t cycles = request->cycles();
  if (cycles < 1 || cycles > kMostCyclesAtOnce) {
    return Finished(*context, {grpc::StatusCode::INVALID_ARGUMENT,
                               fmt::format("cycles is {}; choose a number from 1 to {}", cycles,
                                           kMostCyclesAtOnce)});
  }
  return Command(
      *context,
      [this, cycles](RunControl::Done done) { parts_.control.Step(cycles, std::move(done)); },
      [this, response] { FillState(*response->mutable_state()); });
}

grpc::ServerUnaryReactor* RunServiceImpl::Checkpoint(grpc::CallbackServerContext* context,
                                                     const v1::CheckpointRequest* /*request*/,
                                                     v1::CheckpointResponse* response) {
  return Command(
      *context, [this](RunControl::Done done) { parts_.control.Checkpoint(std::move(done)); },
      [this, response] {
        v1::RunState state;
        FillState(state);
        *response->mutable_checkpoint() = state.checkpoint();
      });
}

grpc::ServerUnaryReactor* RunServiceImpl::Stop(grpc::CallbackServerContext* context,
                                               const v1::StopRequest* /*request*/,
                                               v1::StopResponse* response) {
  return Command(
      *context, [this](RunControl::Done done) { parts_.control.Stop(std::move(done)); },
      [this, response] { FillState(*response->mutable_state()); });
}

grpc::ServerUnaryReactor* RunServiceImpl::ListMetrics(grpc::CallbackServerContext* context,
                                                      const v1::ListMetricsRequest* request,
                                                      v1::ListMetricsResponse* response) {
  const grpc::Status status = parts_.admission.Check(*context, Permission::kLook);
  if (status.ok()) {
    const std::vector<std::string> names(request->names().begin(), request->names().end());
    for (const auto& [name, curve] : parts_.feed.Curves(names)) {
      v1::Curve& message = *response->add_curves();
      message.set_name(name);
      for (const Curve::Point& point : curve.points()) {
        message.add_env_steps(point.env_steps);
        message.add_values(point.value);
      }
    }
  }
  return Finished(*context, status);
}

}  // namespace dqnd
