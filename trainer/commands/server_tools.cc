#include <filesystem>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "env_bridge/rpc/certificate.h"
#include "env_bridge/rpc/health_check.h"
#include "trainer/bridge.h"
#include "trainer/commands/commands.h"
#include "trainer/run_directory.h"

namespace dqnd {
namespace {

// What is wrong with the daemon that serves a run; empty: nothing.
std::string ProblemOf(const std::filesystem::path& run, std::chrono::milliseconds timeout) {
  FileSystem& files = RealFileSystem();
  if (!files.Exists(run / kAddressFile)) {
    if (FolderLock::IsHeld(run)) return "";  // it trains, and listens nowhere
    return fmt::format("no daemon serves {}: it has no file {}", run.string(), kAddressFile);
  }
  std::string address = files.Read(run / kAddressFile);
  while (!address.empty() && address.back() == '\n') address.pop_back();
  return CheckHealth(address, timeout);
}

// The runs in ./runs that somebody works on or serves, as far as can be seen: in a container those
// of its volume, which other containers may have mounted, too.
std::vector<std::filesystem::path> RunsInUse() {
  std::vector<std::filesystem::path> runs;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("runs", error)) {
    const std::filesystem::path& run = entry.path();
    if (!entry.is_directory()) continue;
    if (RealFileSystem().Exists(run / kAddressFile) || FolderLock::IsHeld(run)) runs.push_back(run);
  }
  return runs;
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
  const auto timeout = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::duration<double>(arguments.timeout_seconds));
  const std::vector<std::filesystem::path> runs =
      arguments.run.empty() ? RunsInUse() : std::vector<std::filesystem::path>{arguments.run};
  std::string problem = "no daemon works on a run in ./runs; name its directory";
  for (const std::filesystem::path& run : runs) {
    problem = ProblemOf(run, timeout);
    if (!problem.empty()) continue;
    fmt::print("the daemon of {} is well\n", run.string());
    return kExitNo;
  }
  fmt::print("{}\n", problem);
  return kExitMayHelp;
}

}  // namespace dqnd
