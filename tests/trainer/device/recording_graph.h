#pragma once

#include <cstddef>

namespace dqnd {

// While it lives, a processor records repeated work as a GPU does: the operations, the tensors that
// they had, and nothing of what this process did in between. Recording has no effect, and a replay
// does the same operations on the same memory again, so that what is no function of that memory
// comes out as it was when it was recorded. A graph of LibTorch's for "CPU", which has none itself.
class ProcessorsRecord {
 public:
  ProcessorsRecord();
  ~ProcessorsRecord();
  ProcessorsRecord(const ProcessorsRecord&) = delete;
  ProcessorsRecord& operator=(const ProcessorsRecord&) = delete;

  // Since it lives.
  size_t recordings() const;
  size_t replays() const;
};

}  // namespace dqnd
