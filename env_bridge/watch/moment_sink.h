#pragma once

#include "env_bridge/watch/moment.h"

namespace dqnd {

// Where the moments of a game go, in order. Owned and called by one thread.
class MomentSink {
 public:
  virtual ~MomentSink() = default;
  virtual void Show(const Moment& moment) = 0;
};

}  // namespace dqnd
