#include "viewer/ctl/moment_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "viewer/ctl/number_text.h"
#include "viewer/ctl/printable.h"

namespace dqnd {
namespace {

constexpr size_t kBetween = 2;  // spaces

std::string Word(const v1::EnvironmentSpec& environment, const v1::Step& step, int action) {
  std::string text = action >= 0 && action < environment.action_names_size()
                         ? Printable(environment.action_names(action))
                         : fmt::format("{}", action);
  if (action >= 0 && action < step.q_values_size()) {
    text += fmt::format(" {:.2f}", step.q_values(action));
  }
  if (action != step.action()) return text;
  return fmt::format("[{}]{}", text, step.by_person() ? "!" : step.exploratory() ? "?" : "");
}

}  // namespace

std::string ActionLine(const v1::EnvironmentSpec& environment, const v1::Step& step, int columns) {
  const auto room = static_cast<size_t>(std::max(1, columns));
  const std::string chosen = Word(environment, step, step.action());
  const int actions = std::max(environment.action_names_size(), step.q_values_size());
  std::string line;
  int left_out = 0;
  bool has_chosen = step.action() < 0 || step.action() >= actions;  // one that nobody knows
  if (has_chosen) line = chosen;
  for (int action = 0; action < actions; ++action) {
    const std::string word = Word(environment, step, action);
    // Space that must remain: for the chosen action, and for the count of the others.
    const size_t reserve = (has_chosen || action == step.action() ? 0 : chosen.size() + kBetween) +
                           (action + 1 < actions || left_out > 0 ? kBetween + 4 : 0);
    const bool fits = line.size() + kBetween + word.size() + reserve <= room;
    if (!fits && action != step.action()) {
      ++left_out;
      continue;
    }
    if (!line.empty()) line.append(kBetween, ' ');
    line += word;
    has_chosen = has_chosen || action == step.action();
  }
  if (left_out > 0) line += fmt::format("  +{}", left_out);
  if (line.size() > room) line.resize(room);
  return line;
}

std::string StepLine(const v1::Step& step) {
  std::string line = fmt::format("return {}  env_step {} of its game  epsilon {}",
                                 ShortNumber(step.return_so_far()),
                                 Grouped(step.episode_env_step()), ShortNumber(step.epsilon()));
  if (step.reward() != 0) line += fmt::format("  reward {}", ShortNumber(step.reward()));
  if (step.game_over()) line += "  game over";
  return line;
}

}  // namespace dqnd
