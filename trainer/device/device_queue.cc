#include "trainer/device/device_queue.h"

#include <utility>

#include <ATen/ATen.h>
#include <ATen/core/GraphImplInterface.h>
#include <c10/core/impl/VirtualGuardImpl.h>

namespace dqnd {

DeviceQueue::DeviceQueue(c10::Device device)
    : device_(device), stream_(c10::impl::VirtualGuardImpl(device.type()).getNewStream(device)) {}

at::Tensor DeviceQueue::DeviceMemory(at::IntArrayRef sizes, at::ScalarType type) const {
  return at::empty(sizes, at::TensorOptions(type).device(device_));
}

at::Tensor DeviceQueue::StagingMemory(at::IntArrayRef sizes, at::ScalarType type) const {
  return at::empty(sizes, at::TensorOptions(type).pinned_memory(!device_.is_cpu()));
}

RepeatedWork::RepeatedWork(const DeviceQueue& queue, std::function<void()> work)
    : queue_(queue), work_(std::move(work)) {}

RepeatedWork::~RepeatedWork() = default;

void RepeatedWork::Run() {
  const c10::StreamGuard use = queue_.Use();
  if (graph_ == nullptr && runs_ >= kRunsBeforeRecording) {
    graph_ = at::create_graph_impl(queue_.device().type());
    if (graph_ != nullptr) {
      graph_->capture_begin();
      work_();
      graph_->capture_end();
    }
  }
  if (graph_ != nullptr) return graph_->replay();
  ++runs_;
  work_();
}

}  // namespace dqnd
