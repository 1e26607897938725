#include "trainer/acting/packed_actor.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "trainer/export/packed_network.h"
#include "trainer/network/interleave_frames.h"

namespace dqnd {

PackedActor::PackedActor(const QNetwork& network, const NetworkSection& options,
                         const ObservationSpec& observation)
    : network_(network), options_(options), observation_(observation) {
  Pack();
  observed_.resize(observation.stack * observation.bytes() / sizeof(uint64_t) + 1);
  integers_.resize(packed_->net().actions);
}

void PackedActor::Pack() {
  packed_.emplace(
      EncodePacked(PackNetwork(network_, options_, observation_, Thresholds::kHalved).network),
      "the network");
  is_stale_ = false;
}

std::span<const float> PackedActor::ActionValues(std::span<const uint8_t> states) {
  if (is_stale_) Pack();
  const packed_net& net = packed_->net();
  const size_t state_bytes = observation_.stack * observation_.bytes();
  const auto scale = static_cast<float>(net.value_scale);
  values_.clear();
  for (; !states.empty(); states = states.subspan(state_bytes)) {
    const auto interleave = [&]<typename T>(const T* state) {
      InterleaveFrames(observation_, 1, state, reinterpret_cast<T*>(observed_.data()),
                       [](T x) { return x; });
    };
    if (net.input_is_float) {
      interleave(reinterpret_cast<const float*>(states.data()));
    } else {
      interleave(states.data());
    }
    packed_net_values(&net, observed_.data(), packed_->scratch(), integers_.data());
    const size_t first = values_.size();
    for (const int32_t value : integers_) values_.push_back(static_cast<float>(value) * scale);
    // Of those that float32 cannot tell apart, the device's choice is the largest.
    const std::span values(values_.data() + first, integers_.size());
    const int best = packed_net_best(integers_.data(), net.actions);
    if (GreedyAction(values) != best) {
      values[best] =
          std::nextafter(std::ranges::max(values), std::numeric_limits<float>::infinity());
    }
  }
  return values_;
}

}  // namespace dqnd
