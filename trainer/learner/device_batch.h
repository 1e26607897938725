#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <ATen/core/Tensor.h>

#include "env_bridge/environment.h"
#include "replay/replay_memory.h"
#include "trainer/device/device_queue.h"

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
  DeviceBatch(const DeviceQueue& queue, const ObservationSpec& observation, const Batch& like);

  bool IsLike(const Batch& batch) const {
    return batch.size == size_ && batch.n_steps == n_steps_;
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
  int size_, n_steps_;
  at::Tensor staged_, sent_;            // u8 [bytes]
  std::vector<std::span<uint8_t>> to_;  // parts of staged_, in the order of PartsOf
};

}  // namespace dqnd
