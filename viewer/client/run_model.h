#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dqnd/v1/run.pb.h"
#include "viewer/client/watch_client.h"

namespace dqnd {

// A line of the event log.
struct EventLine {
  double unix_seconds = 0;
  v1::EventLevel level = v1::EVENT_LEVEL_INFO;
  std::string text;
  bool ours = false;  // said by this program, about the connection
};

// One column of the run's metrics.
struct RunCurve {
  std::vector<double> env_steps;  // ascending, no two equal
  std::vector<double> values;     // as many; finite
};

// What a user interface shows of a run, put together from the news of its stream; no window, no
// clock, no thread. What was known stays when the connection is lost.
//
// Owned and called by one thread.
class RunModel {
 public:
  static constexpr size_t kMaxEventLines = 2000;
  static constexpr size_t kMaxPoints = 16384;  // of one curve; thinned out to half beyond that

  // `unix_seconds` is when the news were taken, for lines of our own.
  void Apply(WatchNews news, double unix_seconds);

  // A line of our own: an answer to what a person did.
  void Say(std::string text, v1::EventLevel level, double unix_seconds);

  // Absent before the first handshake.
  const std::optional<v1::GetRunResponse>& run() const { return run_; }
  // The newest; absent before the first.
  const std::optional<v1::RunState>& state() const { return state_; }
  const ConnectionStatus& connection() const { return connection_; }
  const std::deque<EventLine>& events() const { return events_; }
  // By name ("rollout/ep_rew_mean"); empty where the run has written none.
  const RunCurve& curve(std::string_view name) const;
  // The newest of training; absent before the first.
  const std::optional<DecodedMoment>& moment() const { return moment_; }
  // Of all env_steps that the stream brought and that were not shown.
  const v1::StepSummary& not_shown() const { return not_shown_; }

 private:
  void ApplyHistory(const v1::ListMetricsResponse& history);
  void ApplyRow(const v1::MetricsRow& row);
  void AppendPoint(std::string_view name, double env_steps, double value);
  void ApplyEvents(const std::vector<v1::Event>& events);
  void AddLine(EventLine line);

  std::optional<v1::GetRunResponse> run_;
  std::optional<v1::RunState> state_;
  ConnectionStatus connection_;
  bool waited_ = false;  // and said so, since it was connected
  std::map<std::string, RunCurve, std::less<>> curves_;
  std::deque<EventLine> events_;
  std::optional<DecodedMoment> moment_;
  v1::StepSummary not_shown_;
};

}  // namespace dqnd
