#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "env_bridge/make_environment.h"
#include "trainer/commands/commands.h"
#include "trainer/commands/play_states.h"
#include "trainer/export/comparison.h"
#include "trainer/export/packed_network.h"
#include "trainer/stop_on_signal.h"

namespace dqnd {
namespace {

void ExpectItsShape(const packed_net& net, const PackedNetwork& expected, const std::string& file,
                    const std::string& network) {
  if (net.layers == expected.layers.size() && net.actions == expected.actions &&
      net.height == expected.height && net.width == expected.width &&
      net.channels == expected.channels && (net.input_is_float != 0) == expected.input_is_float) {
    bool same = true;
    for (uint32_t i = 0; i < net.layers; ++i) {
      same = same && net.layer[i].product == expected.layers[i].product &&
             net.layer[i].outputs == expected.layers[i].outputs &&
             net.layer[i].fan_in == expected.layers[i].fan_in();
    }
    if (same) return;
  }
  throw std::invalid_argument(
      fmt::format("{} is of another architecture than {}; export that one again", file, network));
}

void PrintText(const Comparison& comparison) {
  const Comparison::Counts& counts = comparison.counts();
  fmt::print("{} states of play\n", counts.states);
  fmt::print("  integer sums       {} of {} differ\n", counts.sums_differing, counts.sums);
  if (counts.first_sums > 0) {
    fmt::print("  rounded sums       {} of {} beyond the bound, {} signs differ\n",
               counts.first_sums_beyond, counts.first_sums, counts.first_signs_differing);
    for (const Comparison::FirstBit& bit : counts.first_bits_differing) {
      fmt::print("    state {}, position {}, output {}: {:.3g} from its threshold, bound {:.3g}\n",
                 bit.state, bit.position, bit.output, bit.distance, bit.bound);
    }
    const auto listed = static_cast<int64_t>(counts.first_bits_differing.size());
    if (listed < counts.first_signs_differing) {
      fmt::print("    and {} more, beyond the bound\n", counts.first_signs_differing - listed);
    }
  }
  fmt::print("  values             at most {:.3g} apart, {} beyond their bounds (at most {:.3g})\n",
             counts.largest_value_error, counts.values_beyond, counts.largest_value_bound);
  fmt::print(
      "  actions            {} differ, {} of them behind a differing sign; {} by more than "
      "the bounds of two values\n",
      counts.actions_differing, counts.actions_behind_bits, counts.actions_unexplained);
  fmt::print("{}\n", comparison.is_sound() ? "equal" : "DIFFERENT");
}

void PrintJson(const Comparison& comparison) {
  const Comparison::Counts& counts = comparison.counts();
  nlohmann::ordered_json bits = nlohmann::ordered_json::array();
  for (const Comparison::FirstBit& bit : counts.first_bits_differing) {
    bits.push_back({{"state", bit.state},
                    {"position", bit.position},
                    {"output", bit.output},
                    {"distance", bit.distance},
                    {"bound", bit.bound}});
  }
  const nlohmann::ordered_json json = {{"equal", comparison.is_sound()},
                                       {"states", counts.states},
                                       {"sums", counts.sums},
                                       {"sums_differing", counts.sums_differing},
                                       {"rounded_sums", counts.first_sums},
                                       {"rounded_sums_beyond_bound", counts.first_sums_beyond},
                                       {"signs_differing", counts.first_signs_differing},
                                       {"signs", bits},
                                       {"value_error", counts.largest_value_error},
                                       {"value_bound", counts.largest_value_bound},
                                       {"values_beyond_bound", counts.values_beyond},
                                       {"actions_differing", counts.actions_differing},
                                       {"actions_behind_signs", counts.actions_behind_bits},
                                       {"actions_unexplained", counts.actions_unexplained}};
  fmt::print("{}\n", json.dump());
}

}  // namespace

int VerifyCommand(const VerifyArguments& arguments) {
  StopOnSignal stop;
  at::set_num_threads(1);  // one state at a time
  FileSystem& files = RealFileSystem();
  const SavedNetwork saved = FindSavedNetwork(files, arguments.run_or_checkpoint);
  const EnvironmentSpec spec = SpecOf(saved.config.environment);
  const QNetwork network = LoadNetwork(files, saved.file, saved.config, spec);
  const NetworkSection& options = saved.config.network;
  const PackedExport packed = PackNetwork(network, options, spec.observation);
  PackedFile file(files.Read(arguments.packed), arguments.packed);
  ExpectItsShape(file.net(), packed.network, arguments.packed, saved.file.string());

  Comparison comparison(network, options, spec.observation, packed, file);
  const bool played = PlayStates(
      saved.config.environment, arguments.states, arguments.seed,
      [&](std::span<const uint8_t> state) { return comparison.Play(state); }, stop.token());
  if (!played) return kExitAgain;
  (arguments.json ? PrintJson : PrintText)(comparison);
  return comparison.is_sound() ? kExitNo : kExitMayHelp;
}

}  // namespace dqnd
