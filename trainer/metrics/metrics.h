#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/file_system.h"
#include "env_bridge/watch/run_feed.h"
#include "trainer/metrics/console_table.h"
#include "trainer/metrics/csv_file.h"
#include "trainer/metrics/event_file.h"
#include "trainer/metrics/prometheus_exporter.h"
#include "trainer/metrics/scalar.h"

namespace dqnd {

struct MetricsOptions {
  ConsoleTable* console = nullptr;                       // not owned; null: nothing on the console
  RunFeed* feed = nullptr;                               // not owned; null: nobody reads the rows
  bool csv = true;                                       // progress.csv and evaluations.csv
  bool tensorboard = true;                               // events.out.tfevents.*
  std::optional<std::string> prometheus = std::nullopt;  // HOST:PORT to serve /metrics on
  // Set for a run that goes on: the last env_step that counts, and the files that its checkpoint
  // recorded.
  std::optional<int64_t> resumed_at_env_step = std::nullopt;
  std::vector<FileLength> earlier = {};
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

// Where the training loop sends its numbers; from here they go to the console, the event file,
// progress.csv, evaluations.csv and Prometheus, as far as each is wanted.
//
// A row that the system refuses to write waits in memory and is written with a later one, so that a
// full disk costs no row and stops no run; `problem` says so meanwhile.
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

  // Returns once no row waits in memory. Throws std::system_error.
  void Flush();

  // Every metric file of the run with its length: what a checkpoint records after Flush.
  std::vector<FileLength> lengths() const;

  // Those that this process writes: what a checkpoint syncs before it records them.
  std::vector<std::string> open_files() const;

  // Why rows wait in memory; empty when none does.
  std::string problem() const;

  // The port that Prometheus may ask; nothing when it is not served.
  std::optional<int> prometheus_port() const;

 private:
  // The open files by name.
  std::vector<std::pair<std::string, const RecordFile*>> Records() const;

  const MetricsOptions options_;
  FileSystem& files_;
  const std::filesystem::path run_folder_;
  std::string event_file_name_;
  std::optional<EventFile> events_;
  std::optional<CsvFile> progress_;
  std::optional<CsvFile> evaluations_;
  std::optional<PrometheusExporter> prometheus_;
};

// Gives `feed` the rows of the run's progress.csv, where there is one, for clients that want the
// whole curve. Lines that are no rows are left out.
void LoadCurves(FileSystem& files, const std::filesystem::path& run_folder, RunFeed& feed);

// Takes the metric files of a run back to what a checkpoint recorded: those that it names are cut
// to that length, others are removed. Returns a sentence for each that is shorter than it was or
// gone, and takes its new length down in `recorded`. Throws std::system_error.
std::vector<std::string> CutMetricsBack(FileSystem& files, const std::filesystem::path& run_folder,
                                        std::vector<FileLength>& recorded);

}  // namespace dqnd
