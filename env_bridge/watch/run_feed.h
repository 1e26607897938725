#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "env_bridge/watch/wakeup.h"

namespace dqnd {

enum class LogLevel { kInfo, kWarning, kError };

struct LogLine {
  double unix_seconds = 0;
  LogLevel level = LogLevel::kInfo;
  std::string text;
};

// A row of progress.csv or evaluations.csv, without the cells that are empty.
struct MetricsRow {
  int64_t env_steps = 0;
  std::vector<std::pair<std::string, double>> values;
};

// A column of them. Thinned out as it grows: of a full curve every second point goes, so that it
// keeps its shape within kMostPoints.
class Curve {
 public:
  static constexpr size_t kMostPoints = 4096;

  struct Point {
    int64_t env_steps;
    double value;
  };

  void Append(Point point);
  const std::vector<Point>& points() const { return points_; }

 private:
  std::vector<Point> points_;
  int64_t stride_ = 1;  // one of so many that were appended is kept
  int64_t appended_ = 0;
};

// What a run tells beside pictures: the lines of its log and its rows of metrics. Each reader goes
// on where it stopped; one that falls more than kKept behind misses what is too old. Safe for use
// by several threads at once.
class RunFeed {
 public:
  static constexpr size_t kKept = 1000;
  static constexpr uint64_t kLinesForNewReaders = 100;

  // Where a reader stands. A new one gets the last lines of the log and no rows: those are in the
  // curves.
  class Reader {
   public:
    explicit Reader(const RunFeed& feed);
    struct News {
      std::vector<LogLine> lines;
      std::vector<MetricsRow> rows;
      bool empty() const { return lines.empty() && rows.empty(); }
    };
    News Take();

   private:
    const RunFeed& feed_;
    uint64_t next_line_;
    uint64_t next_row_;
  };

  // `on_news` is notified of everything that is added, and must outlive the feed.
  explicit RunFeed(Wakeup& on_news) : on_news_(on_news) {}

  void Add(LogLine line);
  void Add(MetricsRow row);

  // By name; of all names where `names` is empty. Those that do not exist are left out.
  std::vector<std::pair<std::string, Curve>> Curves(const std::vector<std::string>& names) const;

 private:
  template <typename T>
  struct Newest {
    std::deque<T> items;
    uint64_t count = 0;  // of all that were added; items are the last of them

    void Add(T item);
    std::vector<T> From(uint64_t& next) const;
  };

  Wakeup& on_news_;

  mutable std::mutex mutex_;  // guards what follows
  Newest<LogLine> lines_;
  Newest<MetricsRow> rows_;
  std::map<std::string, Curve> curves_;
};

}  // namespace dqnd
