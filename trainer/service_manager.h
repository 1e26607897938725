#pragma once

#include <functional>
#include <stop_token>
#include <thread>

#include "env_bridge/run_control.h"

namespace dqnd {

// What the service manager hears of a run that it has started (systemd with Type=notify, podman
// with --sdnotify=container): that it is ready, every few seconds where it stands, and that it
// stops. With WatchdogSec= also that it is alive: the training thread has gone on since the last
// time, or is paused, stopping or only
// serving. Where the environment names no NOTIFY_SOCKET, does nothing.
// See sd_notify(3) and sd_watchdog_enabled(3).
class ServiceManager {
 public:
  // Says that the run is ready. `state` is called by another thread, until the destructor.
  explicit ServiceManager(std::function<RunState()> state);

  // Says that it stops.
  ~ServiceManager();

  ServiceManager(const ServiceManager&) = delete;
  ServiceManager& operator=(const ServiceManager&) = delete;

 private:
  void Tell(const std::stop_token& stop);

  const std::function<RunState()> state_;
  std::jthread thread_;
};

}  // namespace dqnd
