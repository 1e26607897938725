#pragma once

namespace dqnd {

// What a layer that LibTorch does not have is computed by. Both come to the same but for the order
// of sums.
enum class Means {
  kLoops,       // over this process's memory
  kOperations,  // LibTorch's alone, which any device does, and can repeat by itself
};

}  // namespace dqnd
