#include "trainer/learner/device_frames.h"

#include <algorithm>
#include <stdexcept>
#include <string>

#include <ATen/ATen.h>

namespace dqnd {
namespace {

constexpr int64_t kMostWaiting = 256;

}  // namespace

DeviceFrames::DeviceFrames(const DeviceQueue& queue, int64_t frame_bytes, int64_t capacity)
    : queue_(queue), capacity_(capacity), frame_bytes_(frame_bytes) {
  const c10::StreamGuard use = queue_.Use();
  try {
    frames_ = queue.DeviceMemory({capacity + 1, frame_bytes}, at::kByte);
  } catch (const c10::Error& error) {
    throw std::invalid_argument("replay.on_device keeps " + std::to_string(capacity) +
                                " frames of " + std::to_string(frame_bytes) +
                                " bytes, for which the device has no room (" +
                                error.what_without_backtrace() +
                                "); lower replay.buffer_size, or leave replay.on_device false");
  }
  frames_[capacity].zero_();
  waiting_ = queue.StagingMemory({kMostWaiting, frame_bytes}, at::kByte);
}

void DeviceFrames::Put(int64_t number, std::span<const uint8_t> frame) {
  const bool goes_on = number == first_waiting_ + count_waiting_ && SlotOf(number) != 0;
  if (count_waiting_ == kMostWaiting || !goes_on) {
    Send();
    queue_.Finish();
    first_waiting_ = number;
  }
  std::ranges::copy(frame, waiting_.data_ptr<uint8_t>() + count_waiting_ * frame_bytes_);
  ++count_waiting_;
}

void DeviceFrames::Send() {
  if (count_waiting_ == 0) return;
  const c10::StreamGuard use = queue_.Use();
  frames_.narrow(0, SlotOf(first_waiting_), count_waiting_)
      .copy_(waiting_.narrow(0, 0, count_waiting_), /*non_blocking=*/true);
  first_waiting_ += count_waiting_;
  count_waiting_ = 0;
}

at::Tensor DeviceFrames::StatesOf(const at::Tensor& slots) const {
  return frames_.index_select(0, slots.flatten()).view({slots.size(0), slots.size(1), -1});
}

}  // namespace dqnd
