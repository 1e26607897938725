#pragma once

#include <string>

#include "env_bridge/environment.h"
#include "trainer/config/config.h"
#include "trainer/network/q_network.h"

namespace dqnd {

// A float or binary_connect network as an ONNX file (opset 13), which onnxruntime and many tools
// run. Binary weights are written as +1 and -1.
//
//   input   observation: uint8 as the environment gives them, or float32;
//           [batch, stack * channels, height, width], or [batch, numbers] where they are no picture
//   output  q_values: float32 [batch, actions]
//
// Throws std::invalid_argument, saying what would work, for a network with binary activations.
std::string OnnxModel(const QNetwork& network, const NetworkSection& options,
                      const EnvironmentSpec& environment);

}  // namespace dqnd
