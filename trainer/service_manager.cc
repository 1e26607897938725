#include "trainer/service_manager.h"

#include <systemd/sd-daemon.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace dqnd {
namespace {

constexpr std::chrono::microseconds kBetweenLines = std::chrono::seconds(5);

std::string StatusLine(const RunState& state) {
  if (state.phase == RunPhase::kServing) return "serving exhibition games";
  if (state.phase == RunPhase::kStopping) return "writing the last checkpoint";
  const char* doing = state.phase == RunPhase::kPaused       ? "paused"
                      : state.phase == RunPhase::kEvaluating ? "evaluating"
                                                             : "training";
  std::string line =
      fmt::format("{} at env_step {} of {}", doing, state.env_steps, state.total_env_steps);
  if (state.env_steps_per_second > 0) {
    line += fmt::format(", {:.0f} env_steps/s", state.env_steps_per_second);
  }
  if (state.mean_return) line += fmt::format(", mean return {:.2f}", *state.mean_return);
  if (!state.checkpoint_failure.empty()) {
    line += fmt::format(", NO CHECKPOINT: {}", state.checkpoint_failure);
  }
  return line;
}

// Whether its thread has nothing to do.
bool Waits(RunPhase phase) {
  return phase == RunPhase::kPaused || phase == RunPhase::kStopping || phase == RunPhase::kServing;
}

// What the watchdog wants to hear from us at least so often; longest where there is none.
std::chrono::microseconds WatchdogTime() {
  uint64_t microseconds = 0;
  if (::sd_watchdog_enabled(0, &microseconds) <= 0) return std::chrono::microseconds::max();
  return std::chrono::microseconds(microseconds);
}

}  // namespace

ServiceManager::ServiceManager(std::function<RunState()> state) : state_(std::move(state)) {
  if (std::getenv("NOTIFY_SOCKET") == nullptr) return;
  ::sd_notify(0, "READY=1");
  thread_ = std::jthread([this](const std::stop_token& stop) { Tell(stop); });
}

ServiceManager::~ServiceManager() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
  ::sd_notify(0, "STOPPING=1");
}

void ServiceManager::Tell(const std::stop_token& stop) {
  const std::chrono::microseconds watchdog = WatchdogTime();
  const std::chrono::microseconds pause = std::min(watchdog / 2, kBetweenLines);
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  double trained_seconds = -1;
  while (!stop.stop_requested()) {
    const RunState state = state_();
    const bool alive = Waits(state.phase) || state.elapsed_seconds != trained_seconds;
    trained_seconds = state.elapsed_seconds;
    ::sd_notifyf(0, "STATUS=%s%s", StatusLine(state).c_str(), alive ? "\nWATCHDOG=1" : "");
    never.wait_for(lock, stop, pause, [] { return false; });
  }
}

}  // namespace dqnd
