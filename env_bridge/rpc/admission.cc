#include "env_bridge/rpc/admission.h"

#include <string>

#include <fmt/format.h>

namespace dqnd {
namespace {

// "ipv4:10.0.0.1:4711" without the port, which is another for each connection.
std::string MachineOf(const std::string& peer) {
  return peer.substr(0, peer.rfind(':'));
}

}  // namespace

grpc::Status Admission::Check(const grpc::CallbackServerContext& context, Permission needed) {
  if (const grpc::Status status = access_.Check(context, needed); !status.ok()) return status;
  const char* token = access_.MayControl(context) ? "control " : "read-only ";
  if (rates_.Pass(token + MachineOf(context.peer()))) return grpc::Status::OK;
  return {grpc::StatusCode::RESOURCE_EXHAUSTED,
          fmt::format("this client calls more than {} times a second; ask less often",
                      calls_per_second_)};
}

}  // namespace dqnd
