#include "trainer/device/device_queue.h"

#include <utility>

#include <ATen/ATen.h>
#include <ATen/core/GraphImplInterface.h>
#include <c10/core/CachingDeviceAllocator.h>
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

// Null where the device records nothing.
std::unique_ptr<at::GraphImplInterface> RepeatedWork::Recorded() const {
  std::unique_ptr<at::GraphImplInterface> graph = at::create_graph_impl(queue_.device().type());
  if (graph == nullptr) return nullptr;
  // While it records, the device's allocator can neither use nor give back what other work left.
  if (auto* allocator =
          dynamic_cast<c10::DeviceAllocator*>(c10::GetAllocator(queue_.device().type()))) {
    allocator->emptyCache();
  }
  graph->capture_begin();
  try {
    work_();
  } catch (...) {  // what is freed on the way out must not become part of a recording
    try {
      graph->capture_end();
    } catch (const c10::Error&) {  // it says that the recording is broken, which is known
    }
    throw;
  }
  graph->capture_end();
  return graph;
}

void RepeatedWork::Run() {
  const c10::StreamGuard use = queue_.Use();
  if (graph_ == nullptr && runs_ >= kRunsBeforeRecording) graph_ = Recorded();
  if (graph_ != nullptr) return graph_->replay();
  ++runs_;
  work_();
}

}  // namespace dqnd
