#include "trainer/metrics/metrics.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <memory>
#include <sstream>
#include <string_view>
#include <utility>

namespace dqnd {
namespace {

constexpr const char* kProgressName = "progress.csv";
constexpr const char* kEvaluationsName = "evaluations.csv";
constexpr const char* kEventFilePrefix = "events.out.tfevents.";
constexpr std::string_view kTotalTimesteps = "time/total_timesteps";
constexpr std::string_view kTimeElapsed = "time/time_elapsed";

// The order of progress.csv; new columns go to the end of their group, and an old file with fewer
// is then refused rather than continued askew.
const std::vector<std::string>& ProgressColumns() {
  static const std::vector<std::string> columns = {
      "time/total_timesteps",
      "time/time_elapsed",
      "time/fps",
      "time/episodes",
      "rollout/ep_rew_mean",
      "rollout/ep_len_mean",
      "rollout/exploration_rate",
      "train/loss",
      "train/n_updates",
      "train/learning_rate",
      "train/mean_q",
      "train/grad_norm",
      "replay/size",
      "eval/mean_reward",
      "eval/std_reward",
      "eval/mean_ep_length",
  };
  return columns;
}

// Nothing forbids slashes or colons in a host's name, but a manifest does in a file's.
std::string HostName() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') return "localhost";
  std::string host = name.data();
  const auto is_odd = [](char c) {
    return !std::isalnum(static_cast<unsigned char>(c)) && c != '.' && c != '-' && c != '_';
  };
  std::replace_if(host.begin(), host.end(), is_odd, '_');
  return host;
}

std::string FreeEventFileName(FileSystem& files, const std::filesystem::path& run_folder,
                              double unix_seconds) {
  for (int number = 0;; ++number) {
    const std::string name =
        EventFileName(static_cast<int64_t>(unix_seconds), HostName(), getpid(), number);
    if (!files.Exists(run_folder / name)) return name;
  }
}

MetricsRow FeedRow(int64_t env_steps, std::span<const Scalar> scalars) {
  MetricsRow row{.env_steps = env_steps, .values = {}};
  for (const Scalar& scalar : scalars) {
    if (!std::isnan(scalar.value)) row.values.emplace_back(scalar.tag, scalar.value);
  }
  return row;
}

// The cells of a line of CSV without quotes.
std::vector<std::string> Cells(const std::string& line) {
  std::vector<std::string> cells;
  std::istringstream text(line + ',');
  for (std::string cell; std::getline(text, cell, ',');) cells.push_back(cell);
  return cells;
}

}  // namespace

Metrics::Metrics(const MetricsOptions& options, FileSystem& files, std::filesystem::path run_folder,
                 double unix_seconds)
    : options_(options), files_(files), run_folder_(std::move(run_folder)) {
  if (options_.prometheus.has_value()) prometheus_.emplace(*options_.prometheus);
  if (options_.csv) {
    progress_.emplace(files_, run_folder_ / kProgressName, ProgressColumns());
    evaluations_.emplace(files_, run_folder_ / kEvaluationsName,
                         std::vector<std::string>{"env_steps", "mean_reward", "std_reward",
                                                  "mean_ep_length", "episodes"});
  }
  if (options_.tensorboard) {
    event_file_name_ = FreeEventFileName(files_, run_folder_, unix_seconds);
    events_.emplace(files_, run_folder_ / event_file_name_, unix_seconds,
                    options_.resumed_at_env_step);
  }
}

void Metrics::Report(int64_t env_steps, const ReportTime& time, std::span<const Scalar> scalars) {
  std::vector<Scalar> row;
  for (const Scalar& scalar : scalars) {
    if (scalar.tag != kTotalTimesteps && scalar.tag != kTimeElapsed) row.push_back(scalar);
  }
  row.push_back({kTotalTimesteps, static_cast<double>(env_steps)});
  row.push_back({kTimeElapsed, time.elapsed_seconds});
  if (options_.console != nullptr) options_.console->Report(env_steps, time.elapsed_seconds, row);
  if (options_.feed != nullptr) options_.feed->Add(FeedRow(env_steps, row));
  if (prometheus_.has_value()) prometheus_->Set(env_steps, row);
  if (events_.has_value()) events_->AddScalars(env_steps, time.unix_seconds, row);
  if (progress_.has_value()) progress_->AddRow(row);
}

void Metrics::ReportEvaluation(const EvaluationRow& row, const ReportTime& time) {
  Report(row.env_steps, time,
         std::array<Scalar, 3>{{{"eval/mean_reward", row.mean_reward},
                                {"eval/std_reward", row.std_reward},
                                {"eval/mean_ep_length", row.mean_ep_length}}});
  if (evaluations_.has_value()) {
    evaluations_->AddRow(std::array<Scalar, 5>{{{"env_steps", static_cast<double>(row.env_steps)},
                                                {"mean_reward", row.mean_reward},
                                                {"std_reward", row.std_reward},
                                                {"mean_ep_length", row.mean_ep_length},
                                                {"episodes", static_cast<double>(row.episodes)}}});
  }
}

void Metrics::Advance(int64_t env_steps, double elapsed_seconds) {
  if (options_.console != nullptr) options_.console->Advance(env_steps, elapsed_seconds);
}

void Metrics::Flush() {
  if (events_.has_value()) events_->records().Flush();
  if (progress_.has_value()) progress_->records().Flush();
  if (evaluations_.has_value()) evaluations_->records().Flush();
}

std::vector<std::pair<std::string, const RecordFile*>> Metrics::Records() const {
  std::vector<std::pair<std::string, const RecordFile*>> records;
  if (events_.has_value()) records.emplace_back(event_file_name_, &events_->records());
  if (progress_.has_value()) records.emplace_back(kProgressName, &progress_->records());
  if (evaluations_.has_value()) records.emplace_back(kEvaluationsName, &evaluations_->records());
  return records;
}

std::vector<FileLength> Metrics::lengths() const {
  std::vector<FileLength> lengths = options_.earlier;
  for (const auto& [name, file] : Records()) {
    std::erase_if(lengths, [&](const FileLength& earlier) { return earlier.name == name; });
    lengths.push_back({name, file->bytes()});
  }
  return lengths;
}

std::vector<std::string> Metrics::open_files() const {
  std::vector<std::string> names;
  for (const auto& [name, file] : Records()) names.push_back(name);
  return names;
}

std::string Metrics::problem() const {
  for (const auto& [name, file] : Records()) {
    if (!file->problem().empty()) return file->problem();
  }
  return "";
}

void LoadCurves(FileSystem& files, const std::filesystem::path& run_folder, RunFeed& feed) {
  if (!files.Exists(run_folder / kProgressName)) return;
  std::istringstream text(files.Read(run_folder / kProgressName));
  std::string line;
  std::getline(text, line);
  const std::vector<std::string> columns = Cells(line);
  while (std::getline(text, line)) {
    const std::vector<std::string> cells = Cells(line);
    if (cells.size() != columns.size()) continue;
    MetricsRow row;
    for (size_t i = 0; i < cells.size(); ++i) {
      double value = 0;
      const char* end = cells[i].data() + cells[i].size();
      if (cells[i].empty() || std::from_chars(cells[i].data(), end, value).ptr != end) continue;
      row.values.emplace_back(columns[i], value);
      if (columns[i] == kTotalTimesteps) row.env_steps = static_cast<int64_t>(value);
    }
    feed.Add(std::move(row));
  }
}

std::vector<std::string> CutMetricsBack(FileSystem& files, const std::filesystem::path& run_folder,
                                        std::vector<FileLength>& recorded) {
  std::vector<std::string> shorter;
  for (const std::string& name : files.List(run_folder)) {
    const bool is_metric =
        name == kProgressName || name == kEvaluationsName || name.starts_with(kEventFilePrefix);
    const bool belongs = std::ranges::find(recorded, name, &FileLength::name) != recorded.end();
    if (is_metric && !belongs) files.Remove(run_folder / name);
  }
  std::erase_if(recorded, [&](const FileLength& file) {
    if (files.Exists(run_folder / file.name)) return false;
    shorter.push_back(file.name + " is gone");
    return true;
  });
  for (FileLength& file : recorded) {
    const std::unique_ptr<WritableFile> open = files.OpenForAppend(run_folder / file.name);
    if (open->size() < file.bytes) {
      shorter.push_back(file.name + " has " + std::to_string(open->size()) + " bytes, it had " +
                        std::to_string(file.bytes));
      file.bytes = open->size();
    } else if (open->size() > file.bytes) {
      open->Truncate(file.bytes);
    }
  }
  return shorter;
}

std::optional<int> Metrics::prometheus_port() const {
  return prometheus_.has_value() ? std::optional(prometheus_->port()) : std::nullopt;
}

}  // namespace dqnd
