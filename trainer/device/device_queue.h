#pragma once

#include <functional>
#include <memory>

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>
#include <c10/core/Stream.h>
#include <c10/core/StreamGuard.h>

namespace at {
struct GraphImplInterface;
}

namespace dqnd {

// A device's work in the order in which it was given (a stream of a GPU). On a processor, which is
// how all that uses it is tested, work is done when it is given. Owned and called by one thread.
class DeviceQueue {
 public:
  explicit DeviceQueue(c10::Device device);

  c10::Device device() const { return device_; }

  // While it lives, what LibTorch is told by this thread to do on the device goes to the queue.
  c10::StreamGuard Use() const { return c10::StreamGuard(stream_); }

  // Waits until all that was given is done.
  void Finish() const { stream_.synchronize(); }

  // Memory of the device, and of this process where the device can read and write it by itself
  // while work goes on (page-locked, beside a GPU). Contents are undefined.
  at::Tensor DeviceMemory(at::IntArrayRef sizes, at::ScalarType type) const;
  at::Tensor StagingMemory(at::IntArrayRef sizes, at::ScalarType type) const;

 private:
  c10::Device device_;
  c10::Stream stream_;
};

// Work that is given to a queue again and again: the same operations on the same memory each time.
// A GPU records it once (a graph) and from then on is told in one call instead of a hundred. What
// the work does in between, in this process, happens only until then: it must be operations on
// tensors alone, and may not wait for a result.
class RepeatedWork {
 public:
  RepeatedWork(const DeviceQueue& queue, std::function<void()> work);
  ~RepeatedWork();

  // Gives it to the queue. Does not wait.
  void Run();

 private:
  // Libraries make what they need at first use, which is not to be recorded.
  static constexpr int kRunsBeforeRecording = 3;

  std::unique_ptr<at::GraphImplInterface> Recorded() const;

  const DeviceQueue& queue_;
  const std::function<void()> work_;
  int runs_ = 0;
  std::unique_ptr<at::GraphImplInterface> graph_;  // null: not recorded
};

}  // namespace dqnd
