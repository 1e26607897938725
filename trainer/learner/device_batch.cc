#include "trainer/learner/device_batch.h"

#include <algorithm>

#include <ATen/ATen.h>

namespace dqnd {
namespace {

constexpr int64_t kAlignment = 16;  // bytes

template <typename Number>
std::span<const uint8_t> BytesOf(const std::vector<Number>& numbers) {
  return {reinterpret_cast<const uint8_t*>(numbers.data()), numbers.size() * sizeof(Number)};
}

}  // namespace

at::Tensor ToNetworkInput(const at::Tensor& states, const ObservationSpec& observation,
                          float scale) {
  const bool is_bytes = observation.type == ElementType::kUint8;
  return (is_bytes ? states : states.view(at::kFloat))
      .view({states.size(0), observation.stack, observation.height, observation.width,
             observation.channels})
      .permute({0, 1, 4, 2, 3})
      .to(at::kFloat)
      .mul(scale)
      .reshape({states.size(0), int64_t{observation.stack} * observation.channels,
                observation.height, observation.width})
      .contiguous(at::MemoryFormat::ChannelsLast);
}

DeviceBatch::DeviceBatch(const DeviceQueue& queue, const ObservationSpec& observation,
                         const Batch& like, const DeviceFrames* frames)
    : size_(like.size),
      n_steps_(like.n_steps),
      frames_(frames),
      slots_(like.state_frames.size()),
      next_slots_(like.next_state_frames.size()) {
  int64_t bytes = 0;
  std::vector<int64_t> begins, counts;
  for (const auto& part : PartsOf(like)) {
    begins.push_back(bytes);
    counts.push_back(static_cast<int64_t>(part.size()));
    bytes += (counts.back() + kAlignment - 1) / kAlignment * kAlignment;
  }
  staged_ = queue.StagingMemory({bytes}, at::kByte);
  sent_ = queue.DeviceMemory({bytes}, at::kByte);
  size_t next = 0;
  const auto part = [&](at::ScalarType type, at::IntArrayRef sizes) {
    const int64_t begin = begins[next], count = counts[next];
    ++next;
    to_.emplace_back(staged_.data_ptr<uint8_t>() + begin, count);
    return sent_.narrow(0, begin, count).view(type).view(sizes);
  };
  if (slots_.empty()) {
    states = part(at::kByte, {size_, observation.stack, observation.bytes()});
    next_states = part(at::kByte, {size_, observation.stack, observation.bytes()});
  } else {
    sent_slots_ = part(at::kLong, {size_, observation.stack});
    sent_next_slots_ = part(at::kLong, {size_, observation.stack});
  }
  actions = part(at::kInt, {size_});
  rewards = part(at::kFloat, {size_, n_steps_});
  steps = part(at::kInt, {size_});
  terminated = part(at::kByte, {size_});
  weights = part(at::kFloat, {size_});
}

// What is sent of a batch.
DeviceBatch::Parts DeviceBatch::PartsOf(const Batch& batch) {
  const bool by_number = !slots_.empty();
  for (size_t i = 0; i < slots_.size(); ++i) {
    slots_[i] = frames_->SlotOf(batch.state_frames[i]);
    next_slots_[i] = frames_->SlotOf(batch.next_state_frames[i]);
  }
  return {by_number ? BytesOf(slots_) : BytesOf(batch.states),
          by_number ? BytesOf(next_slots_) : BytesOf(batch.next_states),
          BytesOf(batch.actions),
          BytesOf(batch.rewards),
          BytesOf(batch.steps),
          BytesOf(batch.terminated),
          BytesOf(batch.weights)};
}

void DeviceBatch::Stage(const Batch& batch) {
  const Parts parts = PartsOf(batch);
  for (size_t i = 0; i < parts.size(); ++i) std::ranges::copy(parts[i], to_[i].begin());
}

void DeviceBatch::Send() {
  sent_.copy_(staged_, /*non_blocking=*/true);
  if (slots_.empty()) return;
  states = frames_->StatesOf(sent_slots_);
  next_states = frames_->StatesOf(sent_next_slots_);
}

}  // namespace dqnd
