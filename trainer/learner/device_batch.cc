#include "trainer/learner/device_batch.h"

#include <algorithm>
#include <array>
#include <cstring>

#include <ATen/ATen.h>

namespace dqnd {
namespace {

constexpr int64_t kAlignment = 16;  // bytes

template <typename Number>
std::span<const uint8_t> BytesOf(const std::vector<Number>& numbers) {
  return {reinterpret_cast<const uint8_t*>(numbers.data()), numbers.size() * sizeof(Number)};
}

// What is sent of a batch.
std::array<std::span<const uint8_t>, 7> PartsOf(const Batch& batch) {
  return {BytesOf(batch.states), BytesOf(batch.next_states), BytesOf(batch.actions),
          BytesOf(batch.rewards), BytesOf(batch.steps), BytesOf(batch.terminated),
          BytesOf(batch.weights)};
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
                         const Batch& like)
    : size_(like.size), n_steps_(like.n_steps) {
  int64_t bytes = 0;
  std::vector<int64_t> begins;
  for (const auto& part : PartsOf(like)) {
    begins.push_back(bytes);
    bytes += (static_cast<int64_t>(part.size()) + kAlignment - 1) / kAlignment * kAlignment;
  }
  staged_ = queue.StagingMemory({bytes}, at::kByte);
  sent_ = queue.DeviceMemory({bytes}, at::kByte);
  size_t next = 0;
  const auto part = [&](at::ScalarType type, at::IntArrayRef sizes) {
    const auto count = static_cast<int64_t>(PartsOf(like)[next].size());
    const int64_t begin = begins[next++];
    to_.emplace_back(staged_.data_ptr<uint8_t>() + begin, count);
    return sent_.narrow(0, begin, count).view(type).view(sizes);
  };
  states = part(at::kByte, {size_, observation.stack, -1});
  next_states = part(at::kByte, {size_, observation.stack, -1});
  actions = part(at::kInt, {size_});
  rewards = part(at::kFloat, {size_, n_steps_});
  steps = part(at::kInt, {size_});
  terminated = part(at::kByte, {size_});
  weights = part(at::kFloat, {size_});
}

void DeviceBatch::Stage(const Batch& batch) {
  const auto parts = PartsOf(batch);
  for (size_t i = 0; i < parts.size(); ++i) std::ranges::copy(parts[i], to_[i].begin());
}

void DeviceBatch::Send() {
  sent_.copy_(staged_, /*non_blocking=*/true);
}

}  // namespace dqnd
