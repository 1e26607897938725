#pragma once

namespace dqnd {

// What computes a layer that LibTorch does not have. Both come to the same but for rounding.
enum class ComputedBy {
  kLoops,       // of ours, over this process's memory
  kOperations,  // LibTorch's alone, which any device does, and can repeat by itself
};

}  // namespace dqnd
