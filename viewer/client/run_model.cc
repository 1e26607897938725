#include "viewer/client/run_model.h"

#include <algorithm>
#include <cmath>

namespace dqnd {
namespace {

using Phase = ConnectionStatus::Phase;

void KeepEverySecond(std::vector<double>& numbers) {
  size_t kept = 0;
  for (size_t i = 0; i < numbers.size(); i += 2) numbers[kept++] = numbers[i];
  numbers.resize(kept);
}

v1::EventLevel LevelOf(const ConnectionStatus& status) {
  if (status.phase == Phase::kFailed) return v1::EVENT_LEVEL_ERROR;
  return status.error.has_value() ? v1::EVENT_LEVEL_WARNING : v1::EVENT_LEVEL_INFO;
}

}  // namespace

void RunModel::Apply(WatchNews news, double unix_seconds) {
  for (ConnectionStatus& status : news.statuses) {
    // While it is tried again and again, the first failure says it all.
    const bool waits = status.phase == Phase::kWaiting;
    const bool again = status.phase == Phase::kConnecting || (waits && waited_);
    if (!again) Say(status.text, LevelOf(status), unix_seconds);
    waited_ = again ? waited_ : waits;
    if (status.phase == Phase::kConnecting) status.error = connection_.error;
    connection_ = std::move(status);
  }
  if (news.run.has_value()) {
    run_ = std::move(news.run);
    state_ = run_->state();
  }
  if (news.history.has_value()) ApplyHistory(*news.history);
  if (news.state.has_value()) state_ = std::move(news.state);
  for (const v1::MetricsRow& row : news.metrics) ApplyRow(row);
  ApplyEvents(news.events);
  Add(news.not_shown, not_shown_);
  if (news.moment.has_value()) Supersede(moment_, std::move(*news.moment), not_shown_);
}

void RunModel::Say(std::string text, v1::EventLevel level, double unix_seconds) {
  AddLine({unix_seconds, level, std::move(text), true});
}

const RunCurve& RunModel::curve(std::string_view name) const {
  static const RunCurve kNone;
  const auto found = curves_.find(name);
  return found == curves_.end() ? kNone : found->second;
}

void RunModel::ApplyHistory(const v1::ListMetricsResponse& history) {
  curves_.clear();
  for (const v1::Curve& curve : history.curves()) {
    const int points = std::min(curve.env_steps_size(), curve.values_size());
    for (int i = 0; i < points; ++i) {
      AppendPoint(curve.name(), static_cast<double>(curve.env_steps(i)), curve.values(i));
    }
  }
}

void RunModel::ApplyRow(const v1::MetricsRow& row) {
  for (const v1::MetricsValue& value : row.values()) {
    AppendPoint(value.name(), static_cast<double>(row.env_steps()), value.value());
  }
}

void RunModel::AppendPoint(std::string_view name, double env_steps, double value) {
  if (!std::isfinite(value)) return;
  auto found = curves_.find(name);
  if (found == curves_.end()) found = curves_.emplace(name, RunCurve()).first;
  RunCurve& curve = found->second;
  if (!curve.env_steps.empty() && env_steps <= curve.env_steps.back()) return;  // known
  curve.env_steps.push_back(env_steps);
  curve.values.push_back(value);
  if (curve.env_steps.size() > kMaxPoints) {
    KeepEverySecond(curve.env_steps);
    KeepEverySecond(curve.values);
  }
}

void RunModel::ApplyEvents(const std::vector<v1::Event>& events) {
  for (const v1::Event& event : events) {
    // A new stream begins with the last hundred lines, most of which are here already.
    const bool known = std::any_of(events_.rbegin(), events_.rend(), [&](const EventLine& line) {
      return !line.ours && line.unix_seconds == event.unix_seconds() && line.text == event.text();
    });
    if (!known) AddLine({event.unix_seconds(), event.level(), event.text(), false});
  }
}

void RunModel::AddLine(EventLine line) {
  // In the order of their times, though the log's last lines come after our own first one.
  const auto place = std::find_if(events_.rbegin(), events_.rend(), [&](const EventLine& each) {
    return each.unix_seconds <= line.unix_seconds;
  });
  events_.insert(place.base(), std::move(line));
  if (events_.size() > kMaxEventLines) events_.pop_front();
}

}  // namespace dqnd
