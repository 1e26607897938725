#pragma once

#include <grpcpp/support/server_callback.h>

namespace dqnd {

// A reactor that ends its call with `status` and does nothing else; Reactor is one of gRPC's
// streaming server reactors. It deletes itself.
template <typename Reactor>
Reactor* Refuse(const grpc::Status& status) {
  class Refusing final : public Reactor {
   public:
    explicit Refusing(const grpc::Status& why) { this->Finish(why); }
    void OnDone() override { delete this; }
  };
  return new Refusing(status);
}

}  // namespace dqnd
