#include "trainer/machine.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include <ATen/Version.h>
#include <torch/csrc/api/include/torch/version.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <optional>
#include <sstream>
#include <vector>

#include "trainer/device/device.h"
#include "trainer/kernels/products.h"

namespace dqnd {
namespace {

namespace fs = std::filesystem;

std::optional<std::string> FirstLine(const fs::path& path) {
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  return line;
}

// The number in a cgroup file; nothing when there is no file, or it says "max".
std::optional<int64_t> Number(const fs::path& path) {
  const std::optional<std::string> line = FirstLine(path);
  if (!line) return std::nullopt;
  std::istringstream text(*line);
  int64_t value = 0;
  if (!(text >> value)) return std::nullopt;
  return value;
}

// The folders of this process's cgroup for `controller`, innermost first: with v1 those of the
// controller's hierarchy, with v2 (controller "") those of the unified one. A container often sees
// its own group as the hierarchy's root, so the root always counts.
std::vector<fs::path> CgroupFolders(const fs::path& root, const std::string& controller) {
  const fs::path base = root / "sys/fs/cgroup" / controller;
  std::vector<fs::path> folders;
  std::ifstream groups(root / "proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    // hierarchy-id:controller,controller:path
    const size_t first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    std::istringstream names(line.substr(first + 1, second - first - 1));
    bool matches = controller.empty() && second == first + 1;
    for (std::string name; std::getline(names, name, ',');) matches |= name == controller;
    if (!matches) continue;
    for (fs::path path = line.substr(second + 1); path.has_relative_path();
         path = path.parent_path()) {
      folders.push_back(base / path.relative_path());
    }
  }
  folders.push_back(base);
  return folders;
}

// The line "NAME: N kB" of a file under /proc, in bytes.
std::optional<int64_t> KibibyteLine(const fs::path& path, const std::string& wanted) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    std::istringstream text(line);
    std::string name;
    int64_t kibibytes = 0;
    if (text >> name >> kibibytes && name == wanted) return kibibytes * 1024;
  }
  return std::nullopt;
}

}  // namespace

MemoryLimit FindMemoryLimit(const fs::path& root) {
  MemoryLimit limit{std::numeric_limits<int64_t>::max(), "no limit found"};
  const auto take = [&limit](int64_t bytes, const char* source) {
    if (bytes < limit.bytes) limit = {bytes, source};
  };
  if (const auto available = KibibyteLine(root / "proc/meminfo", "MemAvailable:"))
    take(*available, "free memory of this machine");
  for (const fs::path& folder : CgroupFolders(root, "")) {
    if (const auto bytes = Number(folder / "memory.max")) {
      take(*bytes, "the container's limit (cgroup v2)");
    }
  }
  for (const fs::path& folder : CgroupFolders(root, "memory")) {
    if (const auto bytes = Number(folder / "memory.limit_in_bytes")) {
      take(*bytes, "the container's limit (cgroup v1)");
    }
  }
  return limit;
}

int64_t PeakResidentBytes(const fs::path& root) {
  constexpr int64_t kTypical = int64_t{160} << 20;
  return KibibyteLine(root / "proc/self/status", "VmHWM:").value_or(kTypical);
}

int64_t ResidentBytes(const fs::path& root) {
  return KibibyteLine(root / "proc/self/status", "VmRSS:").value_or(0);
}

bool InOurImage() {
  return std::getenv("DQND_VOLUME") != nullptr;
}

bool EndsWithTheContainer(const fs::path& folder) {
  fs::path existing = fs::absolute(folder);
  while (existing.has_relative_path() && !fs::exists(existing)) existing = existing.parent_path();
  struct statfs system{};
  constexpr decltype(system.f_type) kTmpfs = 0x01021994;
  if (::statfs(existing.c_str(), &system) == 0 && system.f_type == kTmpfs) return true;
  struct statx here{};
  struct statx root{};
  if (::statx(AT_FDCWD, existing.c_str(), 0, STATX_MNT_ID, &here) != 0 ||
      ::statx(AT_FDCWD, "/", 0, STATX_MNT_ID, &root) != 0 ||
      (here.stx_mask & root.stx_mask & STATX_MNT_ID) == 0) {
    return false;  // an old kernel does not say
  }
  return here.stx_mnt_id == root.stx_mnt_id;
}

void KeepFreedMemory() {
#ifdef __GLIBC__
  ::mallopt(M_MMAP_THRESHOLD, 32 << 20);
  ::mallopt(M_TRIM_THRESHOLD, 64 << 20);
#endif
}

int FindProcessors(const fs::path& root) {
  cpu_set_t affinity;
  CPU_ZERO(&affinity);
  int processors = 1;
  if (sched_getaffinity(0, sizeof affinity, &affinity) == 0) processors = CPU_COUNT(&affinity);
  const auto take = [&processors](int64_t quota, int64_t period) {
    if (quota > 0 && period > 0) {
      processors = static_cast<int>(std::clamp<int64_t>(quota / period, 1, processors));
    }
  };
  for (const fs::path& folder : CgroupFolders(root, "")) {
    if (const auto line = FirstLine(folder / "cpu.max")) {
      std::istringstream text(*line);
      int64_t quota = 0, period = 0;
      if (text >> quota >> period) take(quota, period);
    }
  }
  for (const fs::path& folder : CgroupFolders(root, "cpu")) {
    take(Number(folder / "cpu.cfs_quota_us").value_or(-1),
         Number(folder / "cpu.cfs_period_us").value_or(0));
  }
  return processors;
}

namespace {

// What multiplies, and how.
std::string PrecisionOf(const Config& config) {
  const TrainSection& train = config.train;
  if (train.device == Device::kCpu) {
    if (train.precision == Precision::kFloat32) return "float32";
    return MultipliesBfloat16() ? "bfloat16" : "bfloat16 by way of float32";
  }
  return (train.deterministic ? "float32 on " : "whatever is fastest on ") +
         NameOf(FindGpu(train.deterministic));
}

}  // namespace

std::vector<std::string> MachineWarnings(const Config& config) {
  std::vector<std::string> warnings;
  if (config.train.precision == Precision::kBfloat16 && !MultipliesBfloat16()) {
    warnings.emplace_back(
        "train.precision is bfloat16, which this processor does not multiply (it lacks "
        "AVX512_BF16): it is computed by way of float32, slower than train.precision=float32");
  }
  return warnings;
}

MachineRecord ThisMachine(const Config& config) {
  std::string model = "unknown processor";
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const size_t colon = line.find(": ");
    if (!line.starts_with("model name") || colon == std::string::npos) continue;
    model = line.substr(colon + 2);
    break;
  }
  return {.processor = model + ", " + at::get_cpu_capability(),
          .threads = config.train.threads.value_or(1),
          .libtorch = TORCH_VERSION,
          .precision = PrecisionOf(config)};
}

int ResolveWorkers(const EnvironmentSection& environment) {
  return std::min(environment.n_envs,
                  environment.workers ? *environment.workers : FindProcessors());
}

int64_t ResolveThreads(const Config& config) {
  if (config.train.threads) return *config.train.threads;
  const bool is_large = config.network.architecture == Architecture::kNatureCnn;
  return std::min(FindProcessors(), is_large ? 8 : LearnsDirectly(config) ? 4 : 1);
}

}  // namespace dqnd
