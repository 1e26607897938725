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

// The parameters of a network by name, in the order in which its layers were built, and the
// statistics that some layers keep beside them. The tensors are float32; layers hold the same ones.
class Parameters {
 public:
  // A parameter, which requires gradients. Without a shape it is that of the tensor.
  at::Tensor Add(std::string name, at::Tensor value);
  at::Tensor Add(std::string name, at::Tensor value, std::vector<int64_t> shape);

  // Numbers that a forward pass depends on and no gradient changes.
  at::Tensor AddStatistic(std::string name, at::Tensor value);

  // Both, which is what a network is saved, published and copied as.
  const std::vector<NamedTensor>& entries() const { return entries_; }
  // What an optimizer changes.
  const std::vector<NamedTensor>& trained() const { return trained_; }
  int64_t count() const;  // numbers, over all entries
  // Throws std::invalid_argument when no entry is called so.
  const at::Tensor& Named(const std::string& name) const;

  // Takes the values of `source`: fraction * source + (1 - fraction) * own, 1 being a plain copy
  // without arithmetic. REQUIRES: both belong to networks of the same architecture.
  void MoveTowards(const Parameters& source, double fraction);

 private:
  std::vector<NamedTensor> entries_;
  std::vector<NamedTensor> trained_;  // those of entries_ that require gradients
};

}  // namespace dqnd
