#include "viewer/ctl/status_table.h"

#include <fmt/format.h>

#include <algorithm>

#include "viewer/ctl/number_text.h"
#include "viewer/ctl/phase_text.h"
#include "viewer/ctl/printable.h"

namespace dqnd {
namespace {

constexpr int kShortestBar = 10;
constexpr int kLongestBar = 40;

struct Row {
  std::string name;
  std::string value;  // empty: a group's heading
};

std::vector<Row> RowsOf(const v1::RunDescription& description, const v1::RunState& state,
                        double unix_seconds) {
  std::vector<Row> rows;
  const auto heading = [&rows](const char* name) { rows.push_back({name, ""}); };
  const auto row = [&rows](const char* name, const std::string& value) {
    rows.push_back({fmt::format("   {}", name), Printable(value)});
  };
  heading("run/");
  row("name", description.name());
  row("environment", description.environment().id());
  row("network", fmt::format("{}, {} parameters", description.architecture(),
                             Grouped(description.parameters())));
  row("host", description.host());
  row("phase", std::string(PhaseText(state.phase())));
  heading("rollout/");
  row("env_steps", Grouped(state.env_steps()));
  row("episodes", Grouped(state.episodes()));
  if (state.has_mean_return()) row("mean_return", ShortNumber(state.mean_return()));
  row("epsilon", ShortNumber(state.epsilon()));
  heading("train/");
  row("updates", Grouped(state.updates()));
  if (state.has_update_averages() && state.update_averages().updates() > 0) {
    row("loss", ShortNumber(state.update_averages().loss()));
    row("mean_q", ShortNumber(state.update_averages().mean_q()));
    row("gradient_norm", ShortNumber(state.update_averages().gradient_norm()));
  }
  if (state.has_best_evaluation()) {
    row("best evaluation",
        fmt::format("{} at env_step {}", ShortNumber(state.best_evaluation().mean_return()),
                    Grouped(state.best_evaluation().env_steps())));
  }
  heading("process/");
  if (state.has_replay()) {
    row("replay",
        fmt::format("{} of {}, {}", Grouped(state.replay().transitions()),
                    Grouped(state.replay().buffer_size()), BytesText(state.replay().bytes())));
  }
  if (state.has_memory()) {
    row("memory", fmt::format("{} of {}", BytesText(state.memory().resident_bytes()),
                              BytesText(state.memory().limit_bytes())));
  }
  if (state.has_checkpoint()) {
    row("checkpoint",
        fmt::format("env_step {}, {} ago", Grouped(state.checkpoint().env_steps()),
                    DurationText(std::max(0.0, unix_seconds - state.checkpoint().unix_seconds()))));
  }
  if (!state.checkpoint_failure().empty()) row("not written", state.checkpoint_failure());
  row("elapsed", DurationText(state.elapsed_seconds()));
  row("watchers", Grouped(state.watchers()));
  return rows;
}

// "[####    ]  25 %  250,000/1,000,000 env_steps  412 env_steps/s  ETA 0:30:18", with a bar as long
// as there is room for.
std::string ProgressLine(const v1::RunState& state, int columns) {
  const double total = static_cast<double>(std::max<int64_t>(1, state.total_env_steps()));
  const double fraction = std::clamp(static_cast<double>(state.env_steps()) / total, 0.0, 1.0);
  // A run that stands still may bring what was true before.
  const bool paused = state.phase() == v1::RUN_PHASE_PAUSED;
  const std::string left =
      state.has_remaining_seconds() && !paused ? DurationText(state.remaining_seconds()) : "-";
  std::string text = fmt::format("{:3} %  {}/{} env_steps  {:.0f} env_steps/s  ETA {}",
                                 static_cast<int>(fraction * 100), Grouped(state.env_steps()),
                                 Grouped(state.total_env_steps()),
                                 paused ? 0 : state.env_steps_per_second(), left);
  const int room = std::min(kLongestBar, columns - static_cast<int>(text.size()) - 3);
  if (room < kShortestBar) return text;
  const auto filled = static_cast<size_t>(fraction * room);
  return fmt::format("[{:<{}}] {}", std::string(filled, '#'), room, text);
}

}  // namespace

std::vector<std::string> StatusTable(const v1::RunDescription& description,
                                     const v1::RunState& state, double unix_seconds, int columns) {
  const std::vector<Row> rows = RowsOf(description, state, unix_seconds);
  size_t name_width = 0;
  size_t value_width = 0;
  for (const Row& row : rows) {
    name_width = std::max(name_width, row.name.size());
    value_width = std::max(value_width, row.value.size());
  }
  const std::string border(name_width + value_width + 7, '-');
  std::vector<std::string> lines = {border};
  for (const Row& row : rows) {
    lines.push_back(
        fmt::format("| {:<{}} | {:<{}} |", row.name, name_width, row.value, value_width));
  }
  lines.push_back(border);
  lines.push_back(ProgressLine(state, columns));
  for (std::string& line : lines) {
    if (line.size() > static_cast<size_t>(columns)) line.resize(static_cast<size_t>(columns));
  }
  return lines;
}

}  // namespace dqnd
