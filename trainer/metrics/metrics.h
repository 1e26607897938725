#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/file_system.h"
#include "trainer/metrics/console_table.h"
#include "trainer/metrics/csv_file.h"
#include "trainer/metrics/event_file.h"
#include "trainer/metrics/prometheus_exporter.h"
#include "trainer/metrics/scalar.h"

namespace dqnd {

struct MetricsOptions {
  ConsoleTable* console = nullptr;                       // not owned; null: nothing on the console
  bool csv = true;                                       // progress.csv and evaluations.csv
  bool tensorboard = true;                               // events.out.tfevents.*
  std::optional<std::string> prometheus = std::nullopt;  // HOST:PORT to serve /metrics on
  // Set for a run that goes on: the last env_step that counts.
  std::optional<int64_t> resumed_at_env_step = std::nullopt;
};

// When a report is made, as its caller's clocks say.
struct ReportTime {
  double elapsed_seconds;  // since the run's start
  double unix_seconds;
};

struct EvaluationRow {
  int64_t env_steps = 0;
  double mean_reward = 0;
  double std_reward = 0;
  double mean_ep_length = 0;  // env_steps
  int64_t episodes = 0;
};

// A metric file and how much of it is whole; a checkpoint records these.
struct FileLength {
  std::string name;  // in the run folder
  uint64_t bytes;
};

// Where the training loop sends its numbers; from here they go to the console, the event file,
// progress.csv, evaluations.csv and Prometheus, as far as each is wanted.
//
// A write that the system refuses throws std::system_error with path and reason. The file then ends
// with its last whole row (see RecordFile), the other targets may or may not have got the row that
// failed, and later reports may succeed again. Console and Prometheus come first, so that a full
// disk does not hide the run from who watches.
//
// Owned by one thread, the training loop's.
class Metrics {
 public:
  // Opens the files in `run_folder`, which must exist; CSV files that are there already are
  // continued. `files` and the console must outlive this object. Throws what the targets throw:
  // std::system_error for files, std::invalid_argument or std::runtime_error for Prometheus.
  Metrics(const MetricsOptions& options, FileSystem& files, std::filesystem::path run_folder,
          double unix_seconds);

  // One row. time/total_timesteps and time/time_elapsed are added here (and ignored among
  // `scalars`). NaN stands for "not known yet" and is left out.
  void Report(int64_t env_steps, const ReportTime& time, std::span<const Scalar> scalars);

  // One finished evaluation: a row of evaluations.csv, and its three means reported under eval/.
  void ReportEvaluation(const EvaluationRow& row, const ReportTime& time);

  // Moves the console's progress bar between two reports; cheap enough for every cycle.
  void Advance(int64_t env_steps, double elapsed_seconds);

  // Returns once every row so far would survive a power loss.
  void Sync();

  // Every metric file of this process with its length: what a checkpoint records after Sync.
  std::vector<FileLength> lengths() const;

  // The port that Prometheus may ask; nothing when it is not served.
  std::optional<int> prometheus_port() const;

 private:
  const MetricsOptions options_;
  FileSystem& files_;
  const std::filesystem::path run_folder_;
  std::string event_file_name_;
  std::optional<EventFile> events_;
  std::optional<CsvFile> progress_;
  std::optional<CsvFile> evaluations_;
  std::optional<PrometheusExporter> prometheus_;
};

}  // namespace dqnd
