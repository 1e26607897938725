#pragma once

#include <cstdint>
#include <span>

#include <ATen/core/Tensor.h>

#include "replay/frame_copy.h"
#include "trainer/device/device_queue.h"

namespace dqnd {

// The frames of a replay memory in the memory of a device, each once, in a ring: a batch is put
// together there, and what is sent of it is numbers. Owned and called by one thread.
class DeviceFrames final : public FrameCopy {
 public:
  // Throws std::invalid_argument where the device has no room for them.
  DeviceFrames(const DeviceQueue& queue, int64_t frame_bytes, int64_t capacity);

  int64_t capacity() const override { return capacity_; }
  void Put(int64_t number, std::span<const uint8_t> frame) override;

  // Gives the frames that were put since the last time to the queue. They are there for work that
  // is given to it later; none may be put until they are.
  void Send();

  // Where a frame of that number lies; of Batch::kNoFrame, a frame of zeros.
  int64_t SlotOf(int64_t number) const { return number < 0 ? capacity_ : number % capacity_; }

  // Work for the queue: slots, i64 [batch, stack], as states, u8 [batch, stack, frame bytes].
  at::Tensor StatesOf(const at::Tensor& slots) const;

 private:
  const DeviceQueue& queue_;
  const int64_t capacity_, frame_bytes_;
  at::Tensor frames_;   // u8 [capacity + 1, frame bytes], on the device; the last one is 0
  at::Tensor waiting_;  // u8 [some, frame bytes], here: consecutive ones that are not sent yet
  int64_t first_waiting_ = 0, count_waiting_ = 0;
};

}  // namespace dqnd
