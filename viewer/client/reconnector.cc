#include "viewer/client/reconnector.h"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <stdexcept>

#include "viewer/client/handshake.h"

namespace dqnd {
namespace {

using Phase = ConnectionStatus::Phase;

bool IsRestarted(const v1::GetRunResponse& before, const v1::GetRunResponse& now) {
  const v1::RunDescription& then = before.description();
  const v1::RunDescription& here = now.description();
  return then.host() != here.host() ||
         then.process_start_unix_seconds() != here.process_start_unix_seconds() ||
         now.state().env_steps() < before.state().env_steps();
}

std::string Greeting(const std::optional<v1::GetRunResponse>& before,
                     const v1::GetRunResponse& now) {
  std::string text =
      fmt::format("connected to {} on {}", now.description().name(), now.description().host());
  if (before.has_value()) {
    text = IsRestarted(*before, now)
               ? fmt::format("connected again, the daemon was restarted and is at env_step {}",
                             now.state().env_steps())
               : "connected again";
  }
  const std::string missing = CompareFeatures(now.contract()).Text();
  return missing.empty() ? text : fmt::format("{}. {}", text, missing);
}

// Until `stop` is requested, at most `duration`.
void Sleep(std::chrono::milliseconds duration, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, stop, duration, [] { return false; });
}

}  // namespace

Reconnector::Reconnector(Options options, Session session, OnStatus on_status)
    : options_(std::move(options)),
      session_(std::move(session)),
      on_status_(std::move(on_status)),
      wait_(options_.first_wait),
      thread_([this](const std::stop_token& stop) { Run(stop); }) {}

void Reconnector::Run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    connected_ = false;
    ConnectionError error(ConnectionError::Kind::kCancelled, "given up");
    try {
      RunOnce(stop);
      if (!stop.stop_requested()) Say(Phase::kEnded, "the end");
      return;
    } catch (const ConnectionError& caught) {
      error = caught;
    } catch (const std::invalid_argument& caught) {
      // An address that is none stays none; a daemon that comes up writes one.
      const bool may_pass = last_run_.has_value() || options_.is_starting;
      error = ConnectionError(
          may_pass ? ConnectionError::Kind::kLost : ConnectionError::Kind::kRejected,
          caught.what());
    } catch (const std::exception& caught) {
      error = ConnectionError(ConnectionError::Kind::kLost, caught.what());
    }
    if (stop.stop_requested()) return;
    if (!error.may_pass()) {
      Say(Phase::kFailed, error.what(), error);
      return;
    }
    // Whoever was connected for a while has earned a quick return.
    if (connected_ && std::chrono::steady_clock::now() - connected_at_ > options_.longest_wait) {
      wait_ = options_.first_wait;
    }
    // Once it takes that long, the reason is worth a look.
    if (options_.is_starting && !last_run_ && wait_ < options_.longest_wait) {
      Say(Phase::kWaiting, "waiting for the daemon to start");
    } else {
      Say(Phase::kWaiting,
          fmt::format("{}{}; trying again in {:g} s", connected_ ? "connection lost: " : "",
                      error.what(), std::chrono::duration<double>(wait_).count()),
          error);
    }
    Sleep(wait_, stop);
    wait_ = std::min(wait_ * 2, options_.longest_wait);
  }
}

void Reconnector::RunOnce(const std::stop_token& stop) {
  const Address address = options_.destination.Resolve();
  Say(Phase::kConnecting, fmt::format("connecting to {}", address.Place()));
  Connection connection(address, options_.connection, stop);
  const v1::GetRunResponse run = connection.GetRun(stop);
  connected_ = true;
  connected_at_ = std::chrono::steady_clock::now();
  Say(Phase::kConnected, Greeting(last_run_, run));
  last_run_ = run;
  session_(connection, run, stop);
}

void Reconnector::Say(Phase phase, std::string text, std::optional<ConnectionError> error) const {
  on_status_({phase, std::move(text), std::move(error)});
}

}  // namespace dqnd
