#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include <ATen/core/Tensor.h>

#include "env_bridge/environment.h"
#include "replay/replay_memory.h"
#include "trainer/device/device_queue.h"
#include "trainer/learner/device_frames.h"

namespace dqnd {

// States as the replay memory has them, [batch, stack, observation bytes] of u8, as what a network
// takes: float32 [batch, stack * channels, height, width], channels-last in memory, times `scale`.
// Wherever they are.
at::Tensor ToNetworkInput(const at::Tensor& states, const ObservationSpec& observation,
                          float scale);

// A batch on a device. What it has of a Batch lies in one run of memory, so that it is sent in one
// piece.
class DeviceBatch {
 public:
  // `frames` has those of batches that come as frame numbers; null where they come as states. It
  // must outlive this object.
  DeviceBatch(const DeviceQueue& queue, const ObservationSpec& observation, const Batch& like,
              const DeviceFrames* frames);

  bool IsLike(const Batch& batch) const {
    return batch.size == size_ && batch.n_steps == n_steps_ &&
           batch.state_frames.size() == slots_.size();
  }

  // Copies a batch to where the device takes it from. The last Send must be done.
  void Stage(const Batch& batch);
  // Work for the queue.
  void Send();

  // On the device, as they were sent last.
  at::Tensor states, next_states;  // u8 [size, stack, observation bytes]
  at::Tensor actions;              // i32 [size]
  at::Tensor rewards;              // f32 [size, n_steps]
  at::Tensor steps;                // i32 [size]
  at::Tensor terminated;           // u8 [size]
  at::Tensor weights;              // f32 [size]

 private:
  using Parts = std::array<std::span<const uint8_t>, 7>;
  Parts PartsOf(const Batch& batch);

  const int size_, n_steps_;
  const DeviceFrames* const frames_;
  std::vector<int64_t> slots_, next_slots_;  // [size, stack]: here
  at::Tensor sent_slots_, sent_next_slots_;  // and on the device
  at::Tensor staged_, sent_;                 // u8 [bytes]
  std::vector<std::span<uint8_t>> to_;       // parts of staged_, in the order of PartsOf
};

}  // namespace dqnd
