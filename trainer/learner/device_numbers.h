#pragma once

#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "trainer/device/device_queue.h"
#include "trainer/network/parameters.h"

namespace dqnd {

// float32 numbers of a learner (parameters, or a moment of each) in one run of a device's memory,
// and a copy of them in this process's memory under their names. Owned and called by one thread.
class DeviceNumbers {
 public:
  // Laid out as `like`, whose names get `suffix`. They begin as 0, here and there.
  DeviceNumbers(const DeviceQueue& queue, const std::vector<NamedTensor>& like,
                const std::string& suffix);

  // All of them on the device, one after the other, and zeros in between.
  const at::Tensor& all() const { return all_; }
  // Those of the i-th tensor, with its sizes and strides.
  at::Tensor OnDevice(size_t i) const;

  // The copy, once it has the device's numbers, or as Fetch left it.
  const std::vector<NamedTensor>& Fetch() const;
  const std::vector<NamedTensor>& here() const { return here_; }

  // The device gets the copy's.
  void Put() const;

 private:
  static at::Tensor PartOf(const at::Tensor& all, const at::Tensor& like, int64_t begin);

  const DeviceQueue& queue_;
  at::Tensor all_, all_here_;
  std::vector<NamedTensor> here_;
  std::vector<int64_t> begins_;
};

}  // namespace dqnd
