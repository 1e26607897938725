#pragma once

#include "env_bridge/rpc/access.h"
#include "env_bridge/rpc/rate_limits.h"

namespace dqnd {

// What stands before every call: who may do it, and how often. Safe for use by several threads at
// once.
class Admission {
 public:
  // `access` must outlive this object.
  Admission(const Access& access, int calls_per_second)
      : access_(access), calls_per_second_(calls_per_second), rates_(calls_per_second) {}

  // What Access says, else RESOURCE_EXHAUSTED when this client calls too often. A client is a
  // machine with one of the two tokens: whoever watches from it does not keep out who controls.
  grpc::Status Check(const grpc::CallbackServerContext& context, Permission needed);

  bool MayControl(const grpc::CallbackServerContext& context) const {
    return access_.MayControl(context);
  }

 private:
  const Access& access_;
  const int calls_per_second_;
  RateLimits rates_;
};

}  // namespace dqnd
