#include <filesystem>

#include <fmt/format.h>

#include "env_bridge/rpc/certificate.h"
#include "env_bridge/rpc/health_check.h"
#include "trainer/bridge.h"
#include "trainer/commands/commands.h"
#include "trainer/run_directory.h"

namespace dqnd {
namespace {

// The run that a process works on now, of those in ./runs: what a container with one daemon means.
std::filesystem::path RunInUse() {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("runs", error)) {
    if (entry.is_directory() && FolderLock::IsHeld(entry.path())) return entry.path();
  }
  return {};
}

}  // namespace

int CertCommand(const CertArguments& arguments) {
  const std::filesystem::path folder = std::filesystem::path(arguments.run) / kAccessFolder;
  const Certificate pair = MakeCertificate(folder, arguments.days);
  fmt::print(
      "{}\n  certificate.pem and key.pem in {}, valid for {} days; a daemon takes them at its "
      "next start\n",
      Fingerprint(pair.certificate_pem), folder.string(), arguments.days);
  return kExitNo;
}

int HealthCommand(const HealthArguments& arguments) {
  const std::filesystem::path run =
      arguments.run.empty() ? RunInUse() : std::filesystem::path(arguments.run);
  FileSystem& files = RealFileSystem();
  if (run.empty()) {
    fmt::print("no daemon works on a run in ./runs; name its directory\n");
    return kExitMayHelp;
  }
  if (!files.Exists(run / kAddressFile)) {
    fmt::print("no daemon serves {}: it has no file {}\n", run.string(), kAddressFile);
    return kExitMayHelp;
  }
  std::string address = files.Read(run / kAddressFile);
  while (!address.empty() && address.back() == '\n') address.pop_back();
  const auto timeout = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::duration<double>(arguments.timeout_seconds));
  const std::string problem = CheckHealth(address, timeout);
  fmt::print("{}\n", problem.empty() ? address + " serves" : problem);
  return problem.empty() ? kExitNo : kExitMayHelp;
}

}  // namespace dqnd
