#include "viewer/ctl/signals.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

namespace dqnd {
namespace {

using namespace std::chrono_literals;

// SIGUSR1 to the waiting thread, sent by the destructor, makes it look around.
sigset_t AwaitedSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (int signal : {SIGINT, SIGTERM, SIGHUP, SIGWINCH, SIGUSR1}) sigaddset(&signals, signal);
  return signals;
}

}  // namespace

Signals::Signals(Bell& bell) : bell_(bell) {
  const sigset_t signals = AwaitedSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  thread_ = std::jthread([this] { Wait(); });
}

Signals::~Signals() {
  ending_ = true;
  pthread_kill(thread_.native_handle(), SIGUSR1);
  thread_.join();
  const sigset_t signals = AwaitedSignals();
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

void Signals::Wait() {
  const sigset_t signals = AwaitedSignals();
  Bell::Clock::time_point first_at;
  while (!ending_) {
    int signal = 0;
    if (sigwait(&signals, &signal) != 0 || signal == SIGUSR1) continue;
    if (signal != SIGWINCH) {
      if (!stop_.stop_requested()) {
        first_at = Bell::Clock::now();
      } else if (Bell::Clock::now() - first_at > 200ms) {
        _exit(128 + signal);
      }
      stop_.request_stop();
    }
    bell_.Ring();
  }
}

}  // namespace dqnd
