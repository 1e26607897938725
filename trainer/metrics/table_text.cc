#include "trainer/metrics/table_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace dqnd {
namespace {

constexpr double kLargestWholeNumber = 1e15;  // beyond, a double's digits say nothing
constexpr int kShortestBar = 10, kLongestBar = 40;

struct PlainName {
  std::string_view tag, name;
};
constexpr std::array kPlainNames = {
    PlainName{"rollout/ep_rew_mean", "ep_rew_mean"},
    PlainName{"rollout/exploration_rate", "eps"},
    PlainName{"train/loss", "loss"},
    PlainName{"eval/mean_reward", "eval_mean_reward"},
    PlainName{"eval/mean_ep_length", "eval_mean_ep_length"},
};

struct TableRow {
  std::string name, value;
};

// "rollout/" of "rollout/ep_rew_mean"; empty for a tag without a group.
std::string_view GroupOf(std::string_view tag) {
  return tag.substr(0, tag.find('/') + 1);
}

void AppendGroup(const TaggedValues& values, std::string_view group, std::vector<TableRow>& rows) {
  if (!group.empty()) rows.push_back({std::string(group), ""});
  for (const auto& [tag, value] : values) {
    if (GroupOf(tag) != group) continue;
    rows.push_back({(group.empty() ? "" : "   ") + tag.substr(group.size()), ShortNumber(value)});
  }
}

int Percent(const Progress& progress) {
  return static_cast<int>(progress.fraction() * 100);
}

std::string Speed(const Progress& progress) {
  const std::optional<double> speed = progress.env_steps_per_second();
  return speed.has_value() ? fmt::format("{:.0f}", *speed) : "-";
}

}  // namespace

std::string ShortNumber(double value) {
  if (std::isnan(value)) return "-";
  if (value == std::trunc(value) && std::abs(value) < kLargestWholeNumber) {
    return fmt::format("{}", static_cast<int64_t>(value));
  }
  return fmt::format("{:.3g}", value);
}

std::vector<std::string> TableLines(const TaggedValues& values) {
  std::vector<std::string_view> groups;
  for (const auto& [tag, value] : values) {
    const std::string_view group = GroupOf(tag);
    if (std::find(groups.begin(), groups.end(), group) == groups.end()) groups.push_back(group);
  }
  std::vector<TableRow> rows;
  for (const std::string_view group : groups) AppendGroup(values, group, rows);
  if (rows.empty()) return {};

  size_t name_width = 0, value_width = 0;
  for (const TableRow& row : rows) {
    name_width = std::max(name_width, row.name.size());
    value_width = std::max(value_width, row.value.size());
  }
  const std::string border(name_width + value_width + 7, '-');
  std::vector<std::string> lines = {border};
  for (const TableRow& row : rows) {
    lines.push_back(
        fmt::format("| {:<{}} | {:<{}} |", row.name, name_width, row.value, value_width));
  }
  lines.push_back(border);
  return lines;
}

std::string ProgressBarLine(const Progress& progress, int width) {
  const std::string text = fmt::format(
      "{:3} %  {}/{} env_steps  {} env_steps/s  ETA {}", Percent(progress), progress.env_steps(),
      progress.total_env_steps(), Speed(progress), progress.TimeLeft());
  const int room = width - static_cast<int>(text.size()) - 3;  // brackets and a space
  if (room < kShortestBar) return text;
  const int length = std::min(room, kLongestBar);
  const int filled = static_cast<int>(progress.fraction() * length);
  return fmt::format("[{:<{}}] {}", std::string(static_cast<size_t>(filled), '#'), length, text);
}

std::string PlainLine(const Progress& progress, const TaggedValues& values) {
  std::string line = fmt::format("env_steps {}/{} ({} %)  fps {}  ETA {}", progress.env_steps(),
                                 progress.total_env_steps(), Percent(progress), Speed(progress),
                                 progress.TimeLeft());
  for (const auto& [tag, name] : kPlainNames) {
    for (const auto& [reported, value] : values) {
      if (reported != tag || std::isnan(value)) continue;
      line += fmt::format("  {} {}", name, ShortNumber(value));
    }
  }
  return line;
}

}  // namespace dqnd
