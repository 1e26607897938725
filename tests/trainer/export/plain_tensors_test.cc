#include "trainer/export/plain_tensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include "tests/trainer/network/observations.h"

namespace dqnd {
namespace {

using ::testing::Contains;
using ::testing::Key;
using ::testing::Not;

constexpr int kActions = 3;

NetworkSection Options(Backend backend, LayerKind last_layer) {
  NetworkSection options;
  options.backend = backend;
  options.last_layer = last_layer;
  return options;
}

class PlainTensorsTest : public ::testing::Test {
 protected:
  void Export(const NetworkSection& options) {
    RandomStream init(1, "init");
    network_ = std::make_unique<QNetwork>(options, MinatarObservation(4), kActions, init);
    for (const NamedTensor& entry : PlainTensors(*network_, options)) {
      tensors_[entry.name] = entry.value;
    }
  }
  const at::Tensor& Own(const std::string& name) { return network_->parameters().Named(name); }

  std::unique_ptr<QNetwork> network_;
  std::map<std::string, at::Tensor> tensors_;
};

TEST_F(PlainTensorsTest, OfAFloatNetworkAreItsParameters) {
  Export({});
  EXPECT_EQ(tensors_.size(), network_->parameters().entries().size());
  for (const auto& [name, value] : tensors_) EXPECT_TRUE(at::equal(value, Own(name))) << name;
}

TEST_F(PlainTensorsTest, BinaryWeightsAreSignsAndRealLayersAreAsTheyAre) {
  Export(Options(Backend::kBnn, LayerKind::kReal));
  EXPECT_TRUE(at::equal(tensors_["conv.weight"], Own("conv.weight")));
  EXPECT_TRUE(at::equal(tensors_["output.weight"], Own("output.weight")));
  const at::Tensor signs = at::where(Own("fc_hidden.weight") >= 0, 1.0f, -1.0f);
  EXPECT_TRUE(at::equal(tensors_["fc_hidden.weight"], signs));
  EXPECT_THAT(tensors_, Not(Contains(Key("fc_hidden.scale"))));
  EXPECT_TRUE(at::equal(tensors_["fc_hidden.norm.running_var"], Own("fc_hidden.norm.running_var")));
}

TEST_F(PlainTensorsTest, ScalesOfXnorNetTurnSignsIntoWhatItsLayerMultipliesBy) {
  Export(Options(Backend::kXnorNet, LayerKind::kBinary));
  // The output layer: sums of signs, scaled, and the bias.
  const c10::InferenceMode inference;
  const LayerSite& site = network_->sites().back();
  const at::Tensor x = at::ones({1, site.product.inputs()});
  const at::Tensor expected = at::where(Own("output.weight") >= 0, 1.0f, -1.0f).sum(1) *
                                  Own("output.weight").abs().mean(1) +
                              Own("output.bias");
  const at::Tensor got =
      at::linear(x, tensors_["output.weight"]).flatten() * tensors_["output.scale"] +
      tensors_["output.bias"];
  EXPECT_TRUE(at::allclose(got, expected));
}

}  // namespace
}  // namespace dqnd
