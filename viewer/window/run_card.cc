#include "viewer/window/run_card.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "viewer/window/number_text.h"
#include "viewer/window/widgets.h"

namespace dqnd {
namespace {

float Fraction(double part, double whole) {
  return whole > 0 ? static_cast<float>(std::clamp(part / whole, 0.0, 1.0)) : 0;
}

// A label, a value at the right, and a thin bar below.
void Gauge(const Theme& theme, const char* label, const std::string& value, float fraction,
           ImU32 colour, float width) {
  ImGui::BeginGroup();
  const float left = ImGui::GetCursorPosX();
  ColouredText(theme, label, theme.colours().muted, Theme::kSmall);
  ImGui::SameLine();
  ImGui::SetCursorPosX(left + width - TextSize(theme, value, Theme::kSmall).x);
  Text(theme, value, Theme::kSmall);
  ProgressBar(theme, fraction, width, theme.Px(4), colour);
  ImGui::EndGroup();
}

// Whether there are a memory and games to speak of, and not only what was saved.
bool IsRunning(const v1::RunState& state) {
  return state.phase() != v1::RUN_PHASE_SERVING;
}

using Pairs = std::vector<std::pair<const char*, std::string>>;

Pairs Values(const v1::RunState& state, double unix_seconds) {
  Pairs values;
  if (IsRunning(state)) {
    values.emplace_back("Speed", RateText(state));
    values.emplace_back("Games", CountText(state.episodes()));
    values.emplace_back("Mean return",
                        state.has_mean_return() ? ValueText(state.mean_return()) : "-");
  }
  values.emplace_back("Updates", CountText(state.updates()));
  values.emplace_back("Best evaluation", state.has_best_evaluation()
                                             ? ValueText(state.best_evaluation().mean_return())
                                             : "-");
  values.emplace_back(
      "Checkpoint",
      state.has_checkpoint()
          ? fmt::format("{} ago", DurationText(std::max(
                                      0.0, unix_seconds - state.checkpoint().unix_seconds())))
          : "none yet");
  return values;
}

void DrawProgress(const Theme& theme, const v1::RunState& state, float width) {
  const float fraction = Fraction(static_cast<double>(state.env_steps()),
                                  static_cast<double>(state.total_env_steps()));
  const float left = ImGui::GetCursorPosX();
  Text(theme, GroupedText(state.env_steps()), Theme::kTitle, true);
  ImGui::SameLine(0, theme.Px(6));
  ImGui::SetCursorPosY(ImGui::GetCursorPosY() + theme.Px(4));
  ColouredText(theme, fmt::format("of {} env_steps", CountText(state.total_env_steps())),
               theme.colours().muted, Theme::kSmall);
  const std::string percent = fmt::format("{:.1f} %", fraction * 100);
  ImGui::SameLine(left + width - TextSize(theme, percent, Theme::kSmall).x);
  ImGui::SetCursorPosY(ImGui::GetCursorPosY() + theme.Px(4));
  Text(theme, percent, Theme::kSmall);
  ProgressBar(
      theme, fraction, width, theme.Px(6),
      state.phase() == v1::RUN_PHASE_PAUSED ? theme.colours().warning : theme.colours().accent);
}

// How full the replay memory and the machine's are, beside each other.
void DrawGauges(const Theme& theme, const v1::RunState& state, float width) {
  const Theme::Colours& c = theme.colours();
  ImGui::Dummy(ImVec2(0, theme.Px(2)));
  const float left = ImGui::GetCursorPosX();
  const float half = (width - theme.Px(18)) / 2;
  const v1::ReplayState& replay = state.replay();
  Gauge(theme, "Replay", CountText(replay.transitions()),
        Fraction(static_cast<double>(replay.transitions()),
                 static_cast<double>(replay.buffer_size())),
        c.accent, half);
  if (ImGui::IsItemHovered()) {
    Tooltip(theme, fmt::format("{} of {} transitions, {} of {}", GroupedText(replay.transitions()),
                               GroupedText(replay.buffer_size()), BytesText(replay.bytes()),
                               BytesText(replay.max_bytes())));
  }
  ImGui::SameLine(left + half + theme.Px(18));
  const v1::MemoryState& memory = state.memory();
  const float used = Fraction(static_cast<double>(memory.resident_bytes()),
                              static_cast<double>(memory.limit_bytes()));
  Gauge(theme, "Memory", BytesText(memory.resident_bytes()), used,
        used > 0.9f ? c.danger : c.accent, half);
  if (ImGui::IsItemHovered()) {
    Tooltip(theme, fmt::format("{} of {}", BytesText(memory.resident_bytes()),
                               BytesText(memory.limit_bytes())));
  }
}

}  // namespace

const char* PhaseText(v1::RunPhase phase) {
  switch (phase) {
    case v1::RUN_PHASE_TRAINING:
      return "Training";
    case v1::RUN_PHASE_PAUSED:
      return "Paused";
    case v1::RUN_PHASE_EVALUATING:
      return "Evaluating";
    case v1::RUN_PHASE_STOPPING:
      return "Stopping";
    case v1::RUN_PHASE_SERVING:
      return "Served";
    default:
      return "Unknown";
  }
}

ImU32 PhaseColour(const Theme& theme, v1::RunPhase phase) {
  switch (phase) {
    case v1::RUN_PHASE_TRAINING:
      return theme.colours().good;
    case v1::RUN_PHASE_PAUSED:
      return theme.colours().warning;
    case v1::RUN_PHASE_STOPPING:
      return theme.colours().danger;
    default:
      return theme.colours().accent;
  }
}

std::string TimeText(const v1::RunState& state) {
  // A run that stands still may bring what was true before.
  return state.has_remaining_seconds() && state.phase() != v1::RUN_PHASE_PAUSED
             ? fmt::format("done in {}", DurationText(state.remaining_seconds()))
             : fmt::format("{} of training", DurationText(state.elapsed_seconds()));
}

std::string RateText(const v1::RunState& state) {
  return state.phase() == v1::RUN_PHASE_PAUSED
             ? "-"
             : fmt::format("{} /s", ValueText(state.env_steps_per_second()));
}

void DrawRunCard(const Theme& theme, const v1::RunState& state, double unix_seconds, float width) {
  if (!BeginCard(theme, "run", "Run", TimeText(state), width)) return EndCard();
  const float full = ImGui::GetContentRegionAvail().x;
  DrawProgress(theme, state, full);
  ImGui::Dummy(ImVec2(0, theme.Px(2)));

  constexpr int kColumns = 3;
  const float left = ImGui::GetCursorPosX();
  int column = 0;
  for (const auto& [label, value] : Values(state, unix_seconds)) {
    if (column > 0) ImGui::SameLine(left + full * static_cast<float>(column) / kColumns);
    Value(theme, label, value);
    column = (column + 1) % kColumns;
  }
  if (IsRunning(state)) DrawGauges(theme, state, full);
  if (!state.checkpoint_failure().empty()) {
    ImGui::PushTextWrapPos(left + full);
    ColouredText(theme, fmt::format("Checkpoint failed: {}", state.checkpoint_failure()),
                 theme.colours().danger, Theme::kSmall);
    ImGui::PopTextWrapPos();
  }
  EndCard();
}

}  // namespace dqnd
