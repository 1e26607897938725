#include "trainer/learner/device_numbers.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

namespace dqnd {

DeviceNumbers::DeviceNumbers(const DeviceQueue& queue, const std::vector<NamedTensor>& like,
                             const std::string& suffix)
    : queue_(queue) {
  // Each begins as an allocation of its own would, at a multiple of 256 bytes, for loads of any
  // width.
  constexpr int64_t kApart = 256 / sizeof(float);
  int64_t count = 0;
  for (const NamedTensor& entry : like) {
    begins_.push_back(count);
    count += (entry.value.numel() + kApart - 1) / kApart * kApart;
  }
  all_here_ = queue.StagingMemory({count}, at::kFloat).zero_();
  for (size_t i = 0; i < like.size(); ++i) {
    here_.push_back(
        {like[i].name + suffix, PartOf(all_here_, like[i].value, begins_[i]), like[i].shape});
  }
  all_ = queue.DeviceMemory({count}, at::kFloat);
  Put();
}

at::Tensor DeviceNumbers::OnDevice(size_t i) const {
  return PartOf(all_, here_[i].value, begins_[i]);
}

// Tensors of parameters are dense: each has a run of memory of its own.
at::Tensor DeviceNumbers::PartOf(const at::Tensor& all, const at::Tensor& like, int64_t begin) {
  return all.narrow(0, begin, like.numel())
      .as_strided(like.sizes(), like.strides(), all.storage_offset() + begin);
}

const std::vector<NamedTensor>& DeviceNumbers::Fetch() const {
  const c10::StreamGuard use = queue_.Use();
  at::Tensor here = all_here_;
  here.copy_(all_, /*non_blocking=*/true);
  queue_.Finish();
  return here_;
}

void DeviceNumbers::Put() const {
  const c10::StreamGuard use = queue_.Use();
  at::Tensor there = all_;
  there.copy_(all_here_, /*non_blocking=*/true);
  queue_.Finish();
}

}  // namespace dqnd
