#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "trainer/checkpoint/manifest.h"
#include "trainer/config/config.h"

namespace dqnd {

// How much memory this process may come to hold.
struct MemoryLimit {
  int64_t bytes = 0;
  std::string source;  // "the container's limit (cgroup v2)", "free memory of this machine"
};

// The smallest of: the container's cgroup limits (v1 or v2, this group and those above it), and
// what the machine has available. `root` stands for the file system's root, so that tests can lay
// out their own /proc and /sys.
MemoryLimit FindMemoryLimit(const std::filesystem::path& root = "/");

// The most memory that this process has held so far (VmHWM); a typical program's 160 MiB where the
// system does not say.
int64_t PeakResidentBytes(const std::filesystem::path& root = "/");

// The memory that this process holds now (VmRSS); 0 where the system does not say.
int64_t ResidentBytes(const std::filesystem::path& root = "/");

// Whether this program was started by our container image, which says so in the environment.
bool InOurImage();

// Whether what is written to `folder`, or would be once it is made, ends with this container, or
// this machine: it lies in the same mount as the root of the file system, or in memory.
bool EndsWithTheContainer(const std::filesystem::path& folder);

// Lets the allocator keep what an update frees, some tens of megabytes, for the next one. Otherwise
// it gives tensors of some megabytes back to the system each time, which zeroes them page by page
// when they are wanted again: a sixth of an update of binarized Nature networks. To be called first
// in a program; does nothing where the allocator is not glibc's.
void KeepFreedMemory();

// Processors that this process may use: its affinity mask, and the container's CPU quota rounded
// down; at least 1.
int FindProcessors(const std::filesystem::path& root = "/");

// What `train.threads: auto` means: every processor up to 8 for nature_cnn, and up to 4 for smaller
// networks; 1 where LibTorch computes those, whose operations are too short to share.
int64_t ResolveThreads(const Config& config);

// environment.workers, where it is unset one a processor; at most one a game.
int ResolveWorkers(const EnvironmentSection& environment);

// What works on this machine, but slower than another configuration would.
std::vector<std::string> MachineWarnings(const Config& config);

// What the bits of a run may depend on. REQUIRES: train.threads is resolved.
MachineRecord ThisMachine(const Config& config);

}  // namespace dqnd
