#pragma once

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace dqnd {

// From now on the calling thread gets processor time after those that train, where both want it.
// (On Linux a thread has a nice value of its own.)
inline void YieldToOtherThreads(int nice = 10) {
  setpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid)), nice);
}

}  // namespace dqnd
