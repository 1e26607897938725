#pragma once

#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

namespace dqnd {

// A float32 tensor as a file of tensors has it.
struct NamedTensor {
  std::string name;  // as state_dict() would give it: "conv1.weight"
  at::Tensor value;
  std::vector<int64_t>
      shape;  // as state_dict() would give it; value may be a view of more dimensions
};

// The parameters of a network by name, in the order in which its layers were built. The tensors are
// float32 leaves that require gradients; layers hold the same tensors.
class Parameters {
 public:
  // Without a shape the parameter's is that of its tensor.
  at::Tensor Add(std::string name, at::Tensor value);
  at::Tensor Add(std::string name, at::Tensor value, std::vector<int64_t> shape);

  const std::vector<NamedTensor>& entries() const { return entries_; }
  int64_t count() const;  // numbers, over all entries

  // Takes the values of `source`: fraction * source + (1 - fraction) * own, 1 being a plain copy
  // without arithmetic. REQUIRES: both belong to networks of the same architecture.
  void MoveTowards(const Parameters& source, double fraction);

 private:
  std::vector<NamedTensor> entries_;
};

}  // namespace dqnd
