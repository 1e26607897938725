#include "trainer/network/parameters.h"

#include <algorithm>
#include <span>
#include <stdexcept>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

namespace dqnd {

at::Tensor Parameters::Add(std::string name, at::Tensor value) {
  std::vector<int64_t> shape = value.sizes().vec();
  return Add(std::move(name), std::move(value), std::move(shape));
}

at::Tensor Parameters::Add(std::string name, at::Tensor value, std::vector<int64_t> shape) {
  value.requires_grad_(true);
  entries_.push_back({std::move(name), value, std::move(shape)});
  trained_.push_back(entries_.back());
  return value;
}

at::Tensor Parameters::AddStatistic(std::string name, at::Tensor value) {
  entries_.push_back({std::move(name), value, value.sizes().vec()});
  return value;
}

int64_t Parameters::count() const {
  int64_t count = 0;
  for (const NamedTensor& entry : entries_) count += entry.value.numel();
  return count;
}

const at::Tensor& Parameters::Named(const std::string& name) const {
  const auto entry = std::ranges::find(entries_, name, &NamedTensor::name);
  if (entry == entries_.end()) throw std::invalid_argument("the network has no " + name);
  return entry->value;
}

void Parameters::MoveTowards(const Parameters& source, double fraction) {
  const c10::NoGradGuard no_grad;
  for (size_t i = 0; i < entries_.size(); ++i) {
    if (fraction == 1.0) {
      entries_[i].value.copy_(source.entries_[i].value);
    } else {
      entries_[i].value.lerp_(source.entries_[i].value, fraction);
    }
  }
}

}  // namespace dqnd
