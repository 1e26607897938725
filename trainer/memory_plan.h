#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "trainer/config/config.h"
#include "trainer/machine.h"

namespace dqnd {

// What a run will come to hold in memory and leave on disk, before it begins.
struct MemoryPlan {
  struct Part {
    std::string name;
    int64_t bytes = 0;
    std::string note;
  };
  std::vector<Part> parts;
  int64_t disk_bytes = 0;
  // Of a GPU's memory, beside what CUDA and LibTorch take there themselves; 0 without one.
  int64_t gpu_bytes = 0;
  MemoryLimit limit;
  int64_t exhibition_bytes = 0;  // of one exhibition game; none is in `parts`
  // The largest replay.buffer_size with which the run fits the limit, in another process of the
  // same program, too; 0 when none does.
  int64_t largest_buffer_size = 0;

  int64_t total_bytes() const;
  bool fits() const { return total_bytes() <= limit.bytes; }
  // Games that can be watched at once in what the run leaves of the limit.
  int64_t room_for_exhibitions() const;

  // The table that `dqnd plan` prints.
  std::string Table() const;
};

// What this process has held at most once the networks and the optimizer of the configuration are
// made and have learned from one batch: the program, LibTorch, and what an update takes on this
// machine, in bytes. Throws std::invalid_argument when the network alone is beyond `limit`, before
// any of it is made, and what MakeEnvironment and Learner throw.
int64_t MeasureOneUpdate(const Config& config, const MemoryLimit& limit);

// Adds up the replay memory at its bound, a checkpoint on its way to the disk, the networks, the
// optimizer, the environments, metrics, and what is left of `measured` (MeasureOneUpdate) for the
// program itself. Makes one environment to learn its spec; throws what MakeEnvironment throws.
MemoryPlan PlanMemory(const Config& config, const MemoryLimit& limit, int64_t measured);

}  // namespace dqnd
