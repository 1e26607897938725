#pragma once

#include <cstdint>
#include <string>

namespace dqnd {

// Counts what one thread allocates until it is stopped: this program's operator new is replaced by
// one that notes who called it.
class AllocationCount {
 public:
  AllocationCount();
  ~AllocationCount() { Stop(); }
  AllocationCount(const AllocationCount&) = delete;
  AllocationCount& operator=(const AllocationCount&) = delete;

  void Stop();

  // Calls from the code of this program: ours, and templates of others that it was compiled with.
  int64_t ours() const;
  // Calls from shared libraries: LibTorch, the C++ library.
  int64_t others() const;
  // Where ours were, as commands that name the lines.
  std::string Places() const;
};

}  // namespace dqnd
