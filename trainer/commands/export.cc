#include <fmt/format.h>

#include <filesystem>

#include "env_bridge/make_environment.h"
#include "trainer/commands/commands.h"
#include "trainer/export/packed_header.h"
#include "trainer/export/packed_network.h"
#include "trainer/export/plain_tensors.h"
#include "trainer/network/safetensors.h"

namespace dqnd {

int ExportCommand(const ExportArguments& arguments) {
  FileSystem& files = RealFileSystem();
  const SavedNetwork saved = FindSavedNetwork(files, arguments.run_or_checkpoint);
  const EnvironmentSpec spec = MakeEnvironment(saved.config.environment)->spec();
  const QNetwork network = LoadNetwork(files, saved.file, saved.config, spec);
  const std::string name = std::filesystem::path(arguments.output).stem().string();
  if (arguments.format == "safetensors") {
    const std::vector<NamedTensor> tensors = PlainTensors(network, saved.config.network);
    WriteFileAtomically(files, arguments.output,
                        EncodeSafetensors(tensors, {{"environment", spec.id}}));
    fmt::print("{}: {} tensors of {}\n", arguments.output, tensors.size(), saved.file.string());
    return kExitNo;
  }
  const PackedExport packed = PackNetwork(network, saved.config.network, spec.observation);
  const std::string bytes = EncodePacked(packed.network);
  WriteFileAtomically(files, arguments.output,
                      arguments.format == "c" ? PackedHeader(bytes, name, spec.id) : bytes);
  fmt::print(
      "{}: {} bytes of network ({} in float32), {} bytes of scratch; values within {:.2g} of {}\n",
      arguments.output, bytes.size(), 4 * network.parameters().count(),
      packed_net_scratch_bytes(&PackedFile(bytes, arguments.output).net()), packed.value_bound,
      saved.file.string());
  return kExitNo;
}

}  // namespace dqnd
