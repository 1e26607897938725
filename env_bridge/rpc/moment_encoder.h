#pragma once

#include <cstdint>
#include <span>

#include "dqnd/v1/moment.pb.h"
#include "env_bridge/environment.h"
#include "env_bridge/rpc/picture_encoder.h"
#include "env_bridge/watch/moment.h"
#include "env_bridge/watch/saliency_worker.h"

namespace dqnd {

// Writes the moments of one stream as messages. Not safe for use by several threads at once.
class MomentEncoder {
 public:
  // `observation` must outlive this object.
  explicit MomentEncoder(const ObservationSpec& observation) : observation_(observation) {}

  void ShowNetworkInput(bool show) { network_input_ = show; }

  // Fills `message`. `q_values` stand in for those of a step that has none.
  void Encode(const Moment& moment, const StepSummary& not_shown, std::span<const float> q_values,
              v1::Moment& message);

  // Adds the map to a moment, unless it was sent before. `result` may be null.
  void AddSaliency(const SaliencyWorker::Result* result, v1::Moment& message);

 private:
  const ObservationSpec& observation_;
  PictureEncoder pictures_;
  bool network_input_ = false;
  int64_t saliency_sent_ = -1;  // env_step of the newest map
};

}  // namespace dqnd
