#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>

#include "env_bridge/make_environment.h"
#include "trainer/commands/commands.h"

namespace dqnd {
namespace {

std::string Element(const ObservationSpec& observation) {
  return observation.type == ElementType::kUint8 ? "uint8" : "float32";
}

nlohmann::ordered_json ToJson(const EnvironmentSpec& spec) {
  const ObservationSpec& o = spec.observation;
  nlohmann::ordered_json json = {
      {"id", spec.id},
      {"observation",
       {{"dtype", Element(o)},
        {"shape", {o.height, o.width, o.channels}},
        {"stack", o.stack},
        {"scale", o.scale}}},
      {"actions", spec.action_names},
      {"min_reward", spec.min_reward},  // null where it is infinite
      {"max_reward", spec.max_reward},
      {"native_frame", {{"width_px", spec.native_width}, {"height_px", spec.native_height}}},
      {"frame_skip", spec.frame_skip},
      {"frames_per_second", spec.frames_per_second}};
  if (spec.max_episode_env_steps) json["max_episode_env_steps"] = *spec.max_episode_env_steps;
  return json;
}

void Print(const EnvironmentSpec& spec) {
  const ObservationSpec& o = spec.observation;
  fmt::print("{}\n", spec.id);
  fmt::print(
      "  observation   {} [{}, {}, {}] (height, width, channels), {} stacked, times {:.4g}\n",
      Element(o), o.height, o.width, o.channels, o.stack, o.scale);
  fmt::print("  actions       {}: {}\n", spec.num_actions(), fmt::join(spec.action_names, " "));
  fmt::print("  reward        {} to {} an env_step\n", spec.min_reward, spec.max_reward);
  fmt::print("  native frame  {} x {} pixels, {} an env_step, {} a second\n", spec.native_width,
             spec.native_height, spec.frame_skip, spec.frames_per_second);
  if (spec.max_episode_env_steps)
    fmt::print("  truncated     after {} env_steps\n", *spec.max_episode_env_steps);
}

}  // namespace

int EnvsCommand(const EnvsArguments& arguments) {
  if (arguments.id.empty()) {
    if (arguments.json) {
      fmt::print("{}\n", nlohmann::json(EnvironmentIds()).dump());
    } else {
      for (const std::string& id : EnvironmentIds()) fmt::print("{}\n", id);
    }
    return kExitNo;
  }
  EnvironmentOptions options;
  options.id = arguments.id;
  const EnvironmentSpec spec = SpecOf(options);
  if (arguments.json) {
    fmt::print("{}\n", ToJson(spec).dump());
  } else {
    Print(spec);
  }
  return kExitNo;
}

}  // namespace dqnd
