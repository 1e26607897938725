#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <filesystem>

#include "env_bridge/make_environment.h"
#include "trainer/acting/actor.h"
#include "trainer/commands/commands.h"
#include "trainer/commands/play_states.h"
#include "trainer/export/onnx_model.h"
#include "trainer/export/packed_header.h"
#include "trainer/export/packed_network.h"
#include "trainer/export/plain_tensors.h"
#include "trainer/network/normalisation.h"
#include "trainer/network/safetensors.h"
#include "trainer/stop_on_signal.h"

namespace dqnd {
namespace {

at::Tensor Floats(const std::vector<float>& numbers, const std::vector<int64_t>& shape) {
  return at::tensor(numbers, at::kFloat).view(shape);
}

// observations [n, height, width, stack * channels] (or [n, numbers]), as packed_net takes them;
// q_values [n, actions]; actions [n], the greedy ones. Returns nothing when it was stopped.
std::optional<std::vector<NamedTensor>> Examples(const Config& config, const EnvironmentSpec& spec,
                                                 const QNetwork& network, int64_t count) {
  at::set_num_threads(1);  // one state at a time
  StopOnSignal stop;
  const std::unique_ptr<Actor> actor = MakeActor(network, config.network, spec.observation);
  StateConverter converter(spec.observation, 1);
  std::vector<at::Tensor> observations;
  std::vector<float> q_values, actions;
  const auto decide = [&](std::span<const uint8_t> state) {
    observations.push_back(converter.Convert(state).permute({0, 2, 3, 1}).clone());
    const std::span<const float> values = actor->ActionValues(state);
    q_values.insert(q_values.end(), values.begin(), values.end());
    actions.push_back(static_cast<float>(GreedyAction(values)));
    return values;
  };
  if (!PlayStates(config.environment, count, /*seed=*/0, decide, stop.token())) return std::nullopt;
  const at::Tensor all = at::cat(observations).contiguous();
  return std::vector<NamedTensor>{
      {"observations", all, all.sizes().vec()},
      {"q_values", Floats(q_values, {count, -1}), {count, spec.num_actions()}},
      {"actions", Floats(actions, {count}), {count}}};
}

}  // namespace

int ExportCommand(const ExportArguments& arguments) {
  FileSystem& files = RealFileSystem();
  const SavedNetwork saved = FindSavedNetwork(files, arguments.run_or_checkpoint);
  const EnvironmentSpec spec = SpecOf(saved.config.environment);
  const QNetwork network = LoadNetwork(files, saved.file, saved.config, spec);
  const NetworkSection& options = saved.config.network;
  const auto write = [&](const std::string& bytes) {
    WriteFileAtomically(files, arguments.output, bytes);
  };

  if (arguments.format == "safetensors") {
    const std::vector<NamedTensor> tensors = PlainTensors(network, options);
    write(EncodeSafetensors(
        tensors, {{"environment", spec.id},
                  {"observation_factor", fmt::format("{}", network.state_scale())},
                  {"first_sum_factor", fmt::format("{}", network.sites().front().input_scale)},
                  {"normalisation_epsilon", fmt::format("{}", kNormalisationEpsilon)}}));
    fmt::print("{}: {} tensors of {}\n", arguments.output, tensors.size(), saved.file.string());
  } else if (arguments.format == "examples") {
    const auto examples = Examples(saved.config, spec, network, arguments.states);
    if (!examples) return kExitAgain;
    write(EncodeSafetensors(*examples, {{"environment", spec.id}}));
    fmt::print("{}: {} states of play with {}\n", arguments.output, arguments.states,
               saved.file.string());
  } else if (arguments.format == "onnx") {
    const std::string model = OnnxModel(network, options, spec);
    write(model);
    fmt::print("{}: {} bytes of {}\n", arguments.output, model.size(), saved.file.string());
  } else {
    const PackedExport packed = PackNetwork(network, options, spec.observation);
    const std::string bytes = EncodePacked(packed.network);
    const std::string name = std::filesystem::path(arguments.output).stem().string();
    write(arguments.format == "c" ? PackedHeader(bytes, name, spec.id) : bytes);
    fmt::print(
        "{}: {} bytes of network ({} in float32), {} bytes of scratch; compare it with {} by dqnd "
        "verify\n",
        arguments.output, bytes.size(), 4 * network.parameters().count(),
        packed_net_scratch_bytes(&PackedFile(bytes, arguments.output).net()), saved.file.string());
  }
  return kExitNo;
}

}  // namespace dqnd
