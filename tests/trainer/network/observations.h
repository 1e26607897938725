#pragma once

#include "env_bridge/environment.h"

namespace dqnd {

// What the games that networks are tested with show.
inline ObservationSpec AtariObservation() {
  return {.type = ElementType::kUint8,
          .height = 84,
          .width = 84,
          .channels = 1,
          .stack = 4,
          .scale = 1.0f / 255};
}

inline ObservationSpec MinatarObservation(int channels) {
  return {.type = ElementType::kUint8, .height = 10, .width = 10, .channels = channels};
}

inline ObservationSpec VectorObservation(int size) {
  return {.type = ElementType::kFloat32, .channels = size};
}

}  // namespace dqnd
