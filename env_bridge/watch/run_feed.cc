#include "env_bridge/watch/run_feed.h"

#include <algorithm>

namespace dqnd {

void Curve::Append(Point point) {
  if (appended_++ % stride_ != 0) return;
  if (points_.size() == kMostPoints) {
    size_t kept = 0;
    for (size_t i = 0; i < points_.size(); i += 2) points_[kept++] = points_[i];
    points_.resize(kept);
    stride_ *= 2;
  }
  points_.push_back(point);
}

template <typename T>
void RunFeed::Newest<T>::Add(T item) {
  items.push_back(std::move(item));
  if (items.size() > kKept) items.pop_front();
  ++count;
}

template <typename T>
std::vector<T> RunFeed::Newest<T>::From(uint64_t& next) const {
  const uint64_t oldest = count - items.size();
  const auto begin = static_cast<std::ptrdiff_t>(std::max(next, oldest) - oldest);
  next = count;
  return {items.begin() + begin, items.end()};
}

RunFeed::Reader::Reader(const RunFeed& feed) : feed_(feed) {
  const std::lock_guard lock(feed.mutex_);
  next_line_ = feed.lines_.count - std::min(feed.lines_.count, kLinesForNewReaders);
  next_row_ = feed.rows_.count;
}

RunFeed::Reader::News RunFeed::Reader::Take() {
  const std::lock_guard lock(feed_.mutex_);
  return {.lines = feed_.lines_.From(next_line_), .rows = feed_.rows_.From(next_row_)};
}

void RunFeed::Add(LogLine line) {
  {
    const std::lock_guard lock(mutex_);
    lines_.Add(std::move(line));
  }
  on_news_.Notify();
}

void RunFeed::Add(MetricsRow row) {
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, value] : row.values) curves_[name].Append({row.env_steps, value});
    rows_.Add(std::move(row));
  }
  on_news_.Notify();
}

std::vector<std::pair<std::string, Curve>> RunFeed::Curves(
    const std::vector<std::string>& names) const {
  const std::lock_guard lock(mutex_);
  std::vector<std::pair<std::string, Curve>> curves;
  for (const auto& [name, curve] : curves_) {
    if (names.empty() || std::ranges::find(names, name) != names.end()) {
      curves.emplace_back(name, curve);
    }
  }
  return curves;
}

}  // namespace dqnd
