#include "trainer/stop_on_signal.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

namespace dqnd {
namespace {

// SIGUSR1 to the waiting thread, sent by the destructor, ends it.
sigset_t AwaitedSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (int signal : {SIGINT, SIGTERM, SIGUSR1}) sigaddset(&signals, signal);
  return signals;
}

}  // namespace

StopOnSignal::StopOnSignal() {
  const sigset_t signals = AwaitedSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  thread_ = std::jthread([this] { Wait(); });
}

StopOnSignal::~StopOnSignal() {
  pthread_kill(thread_.native_handle(), SIGUSR1);
  thread_.join();
  const sigset_t signals = AwaitedSignals();
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

void StopOnSignal::Wait() {
  const sigset_t signals = AwaitedSignals();
  for (int signal = 0; sigwait(&signals, &signal) == 0 && signal != SIGUSR1;) {
    if (!source_.request_stop()) _exit(128 + signal);
  }
}

}  // namespace dqnd
