#include "trainer/stop_on_signal.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>

namespace dqnd {
namespace {

using namespace std::chrono_literals;

// SIGUSR1 to the waiting thread, sent by the destructor and StopAt, makes it look around.
sigset_t AwaitedSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (int signal : {SIGINT, SIGTERM, SIGUSR1}) sigaddset(&signals, signal);
  return signals;
}

timespec ToTimespec(std::chrono::nanoseconds time) {
  return {.tv_sec = static_cast<time_t>(time / 1s),
          .tv_nsec = static_cast<long>((time % 1s) / 1ns)};
}

}  // namespace

StopOnSignal::StopOnSignal() {
  const sigset_t signals = AwaitedSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  thread_ = std::jthread([this] { Wait(); });
}

StopOnSignal::~StopOnSignal() {
  ending_ = true;
  pthread_kill(thread_.native_handle(), SIGUSR1);
  thread_.join();
  const sigset_t signals = AwaitedSignals();
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

void StopOnSignal::StopAt(Clock::time_point moment) {
  stop_at_ = moment.time_since_epoch().count();
  pthread_kill(thread_.native_handle(), SIGUSR1);
}

void StopOnSignal::Wait() {
  const sigset_t signals = AwaitedSignals();
  Clock::time_point first_signal_at;
  while (!ending_) {
    const Clock::time_point stop_at{Clock::duration(stop_at_)};
    const Clock::time_point now = Clock::now();
    if (now >= stop_at) source_.request_stop();
    // An hour at most, so that no sum overflows; again, once the moment has passed.
    const bool passed = now >= stop_at || stop_at - now > 1h;
    const timespec timeout = ToTimespec(passed ? Clock::duration(1h) : stop_at - now);
    const int signal = sigtimedwait(&signals, nullptr, &timeout);
    if (signal != SIGINT && signal != SIGTERM) continue;
    if (++signals_ == 1) {
      first_signal_at = Clock::now();
    } else if (Clock::now() - first_signal_at > 200ms) {
      _exit(128 + signal);
    }
    source_.request_stop();
  }
}

}  // namespace dqnd
