#pragma once

#include <memory>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "base/random_stream.h"
#include "trainer/config/config.h"
#include "trainer/network/computed_by.h"
#include "trainer/network/parameters.h"
#include "trainer/network/product.h"

namespace dqnd {

// What a forward pass is for.
struct Pass {
  // Over the sampled states of an update: running statistics take them in first, and a gradient may
  // be asked for after it. Every other pass (targets, acting, evaluation) changes nothing.
  bool is_update = false;
  // Takes the sums of each layer's product, before anything scales them, for whoever compares them.
  // Not of a float network, whose rectifiers work in place.
  std::vector<at::Tensor>* sums = nullptr;
  // And what each product multiplies.
  std::vector<at::Tensor>* inputs = nullptr;
  // Float layers are LibTorch's operations in any case.
  ComputedBy by = ComputedBy::kLoops;
};
inline constexpr Pass kUse{};
inline constexpr Pass kUpdate{.is_update = true};

// One block of a network: parameters and what is computed with them. Immutable but for the
// parameters' values, which the optimizer and the statistics of an update change in place.
class Layer {
 public:
  virtual ~Layer() = default;

  // float32 in, float32 out, batch first. Records the operation for backpropagation unless the
  // caller holds an at::InferenceMode or c10::NoGradGuard.
  virtual at::Tensor Forward(const at::Tensor& input, const Pass& pass) const = 0;

  // To be called when an optimizer has changed the parameters: binary layers clip theirs.
  virtual void AfterOptimizerStep() const {}
};

// Where a layer stands in its network.
struct LayerSite {
  std::string name;  // of its parameters, as state_dict() has it: "conv1"
  Product product;
  PictureShape input;  // a vector is a picture of 1 x 1 pixels
  bool is_first = false;
  bool is_last = false;
  // A first layer that takes integers multiplies its sums by this; 1 elsewhere.
  float input_scale = 1;
};

// Builds the blocks of a network in one arithmetic: float, or one of the binarized ones. An
// architecture is written once, over this interface, and does not know which one it has. A backend
// draws initial values from `init` and adds them to `parameters`.
class LayerBackend {
 public:
  virtual ~LayerBackend() = default;

  // A product with its non-linearity.
  virtual std::unique_ptr<Layer> Hidden(const LayerSite& site, Parameters& parameters,
                                        RandomStream& init) const = 0;

  // The last layer, whose outputs are the values: real numbers without a non-linearity.
  virtual std::unique_ptr<Layer> Output(const LayerSite& site, Parameters& parameters,
                                        RandomStream& init) const = 0;

  // Whether the first layer takes observations as they are stored, 0 to 255, and not scaled to 0 to
  // 1: its sums are then exact integers.
  virtual bool takes_integers() const { return false; }
};

// The backend that a configuration asks for.
std::unique_ptr<LayerBackend> MakeLayerBackend(const NetworkSection& options);

}  // namespace dqnd
