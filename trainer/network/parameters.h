#pragma once

#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "base/bytes.h"

namespace dqnd {

// The parameters of a network by name, in the order in which its layers were built. The tensors are
// float32 leaves that require gradients; layers hold the same tensors.
class Parameters {
 public:
  struct Entry {
    std::string name;  // as state_dict() would give it: "conv1.weight"
    at::Tensor value;
    std::vector<int64_t>
        shape;  // as state_dict() would give it; value may be a view of more dimensions
  };

  // Without a shape the parameter's is that of its tensor.
  at::Tensor Add(std::string name, at::Tensor value);
  at::Tensor Add(std::string name, at::Tensor value, std::vector<int64_t> shape);

  const std::vector<Entry>& entries() const { return entries_; }
  int64_t count() const;  // numbers, over all entries

  // Takes the values of `source`: fraction * source + (1 - fraction) * own, 1 being a plain copy
  // without arithmetic. REQUIRES: both belong to networks of the same architecture.
  void MoveTowards(const Parameters& source, double fraction);

  void SaveState(ByteWriter& writer) const;
  void LoadState(ByteReader& reader);

 private:
  std::vector<Entry> entries_;
};

}  // namespace dqnd
