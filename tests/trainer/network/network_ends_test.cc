// First and last layers, real and binary, and normalisation by powers of two: forward and backward
// against the papers' formulas in double precision, with the gradients that LibTorch derives of
// them. (tests/trainer/network/plain_blocks.h has the blocks in between, in loops.)

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include "trainer/network/binarized_backend.h"

namespace dqnd {
namespace {

constexpr int64_t kBatch = 6, kInputs = 20, kOutputs = 7;

struct Case {
  Backend backend;
  bool is_first;  // otherwise last
  LayerKind kind;
  NormalisationMode normalisation = NormalisationMode::kRunning;
  bool shift_based = false;
};

std::string NameOf(const ::testing::TestParamInfo<Case>& info) {
  const Case& c = info.param;
  return std::string(kBackendNames[static_cast<int>(c.backend)]) +
         (c.is_first ? "_first" : "_last") + (c.kind == LayerKind::kReal ? "_real" : "_binary") +
         (c.normalisation == NormalisationMode::kBatch ? "_batch" : "_running") +
         (c.shift_based ? "_shifts" : "");
}

// The value of `exact` with the gradient of `smooth`.
at::Tensor StraightThrough(const at::Tensor& smooth, const at::Tensor& exact) {
  return smooth + (exact - smooth).detach();
}

at::Tensor SignOf(const at::Tensor& x) {
  return at::where(x >= 0, 1.0, -1.0);
}

at::Tensor NearestPowerOfTwo(const at::Tensor& x) {
  return at::where(x == 0, x, SignOf(x) * at::exp2(x.abs().log2().round()));
}

at::Tensor Draw(std::vector<int64_t> shape, double from, double to, RandomStream& random) {
  at::Tensor values = at::empty(shape, at::kFloat);
  for (int64_t i = 0; i < values.numel(); ++i) {
    values.data_ptr<float>()[i] = static_cast<float>(from + (to - from) * random.Uniform());
  }
  return values;
}

void ExpectNear(const at::Tensor& found, const at::Tensor& expected, const std::string& what) {
  EXPECT_TRUE(at::allclose(found.to(at::kDouble), expected, 2e-4, 2e-4))
      << what << ": off by " << (found.to(at::kDouble) - expected).abs().max().item<double>();
}

class NetworkEnd : public ::testing::TestWithParam<Case> {
 protected:
  NetworkEnd() : random_(5, "numbers") {
    const Case& c = GetParam();
    NetworkSection options;
    options.backend = c.backend;
    options.first_layer = options.last_layer = c.kind;
    options.normalisation = c.normalisation;
    options.shift_based_normalisation = c.shift_based;
    RandomStream init(3, "init");
    const BinarizedBackend backend(options);
    const LayerSite site{.name = "end",
                         .product = Product::OnVector(kInputs, kOutputs),
                         .input = {},
                         .is_first = c.is_first,
                         .is_last = !c.is_first,
                         .input_scale = input_scale()};
    layer_ = c.is_first ? backend.Hidden(site, parameters_, init)
                        : backend.Output(site, parameters_, init);
    const c10::NoGradGuard no_grad;
    for (const NamedTensor& entry : parameters_.trained()) {
      entry.value.copy_(Draw(entry.value.sizes().vec(), -1.5, 1.5, random_));
    }
  }

  // A binary first layer takes pixels as they are stored.
  bool takes_pixels() const { return GetParam().is_first && GetParam().kind == LayerKind::kBinary; }
  float input_scale() const { return takes_pixels() ? 1.0f / 255 : 1.0f; }

  // The layer by its paper's formulas, of parameters_ as they are; leaves them in reference_.
  at::Tensor Plain(const at::Tensor& x) {
    const Case& c = GetParam();
    for (const NamedTensor& entry : parameters_.entries()) {
      reference_[entry.name] = entry.value.detach().to(at::kDouble).requires_grad_();
    }
    const bool is_xnor = c.backend == Backend::kXnorNet, is_real = c.kind == LayerKind::kReal;
    if (c.is_first) {
      if (is_xnor) return PlainProduct(x);
      const at::Tensor y = PlainNorm(PlainProduct(x));
      return c.backend == Backend::kBnn ? StraightThrough(y.clamp(-1, 1), SignOf(y)) : y.relu();
    }
    if (is_xnor) {
      const at::Tensor y = PlainNorm(x);
      return PlainProduct(is_real ? y.relu() : StraightThrough(y.clamp(-1, 1), SignOf(y)));
    }
    return is_real ? PlainProduct(x) : PlainNorm(PlainProduct(x));
  }

  at::Tensor PlainProduct(const at::Tensor& x) {
    at::Tensor weight = reference_.at("end.weight");
    if (GetParam().kind == LayerKind::kBinary) {
      const bool is_xnor = GetParam().backend == Backend::kXnorNet;
      const at::Tensor signs =
          StraightThrough(is_xnor ? weight.clamp(-1, 1) : weight, SignOf(weight));
      weight = is_xnor ? signs * weight.abs().mean(1, /*keepdim=*/true) : signs;
    }
    const at::Tensor sums = at::linear(x, weight) * double{input_scale()};
    return reference_.contains("end.bias") ? sums + reference_.at("end.bias") : sums;
  }

  at::Tensor PlainNorm(const at::Tensor& x) {
    const Case& c = GetParam();
    const bool by_batch = c.normalisation == NormalisationMode::kBatch;
    const at::Tensor mean = by_batch ? x.mean(0) : reference_.at("end.norm.running_mean").detach();
    const at::Tensor variance =
        by_batch ? x.var(0, /*unbiased=*/false) : reference_.at("end.norm.running_var").detach();
    at::Tensor weight = reference_.at("end.norm.weight"), inverse = (variance + 1e-5).rsqrt();
    if (c.shift_based) {
      weight = StraightThrough(weight, NearestPowerOfTwo(weight));
      inverse = NearestPowerOfTwo(inverse);
    }
    return (x - mean) * inverse * weight + reference_.at("end.norm.bias");
  }

  bool normalises_sums() const {
    const Case& c = GetParam();
    return c.backend != Backend::kXnorNet && (c.is_first || c.kind == LayerKind::kBinary);
  }

  // The variance of shift-based normalisation is the mean of d AP2(d), d being the distance from
  // the mean (Hubara et al. 2016, algorithm 2).
  void ExpectStatisticsOf(const at::Tensor& x) const {
    const at::Tensor mean = x.mean(0), distance = x - mean;
    const at::Tensor variance =
        (distance * (GetParam().shift_based ? NearestPowerOfTwo(distance) : distance)).mean(0);
    ExpectNear(parameters_.Named("end.norm.running_mean"), mean, "running mean");
    ExpectNear(parameters_.Named("end.norm.running_var"), variance * kBatch / (kBatch - 1),
               "running variance");
  }

  RandomStream random_;
  Parameters parameters_;
  std::unique_ptr<Layer> layer_;
  std::map<std::string, at::Tensor> reference_;
};

TEST_P(NetworkEnd, ComputesAndLearnsByItsPapersFormulas) {
  at::Tensor input = takes_pixels() ? Draw({kBatch, kInputs}, 0, 255, random_).round()
                                    : Draw({kBatch, kInputs}, -2, 2, random_);
  input.requires_grad_(true);
  std::vector<at::Tensor> sums;
  const at::Tensor output = layer_->Forward(input, {.is_update = true, .sums = &sums});
  const at::Tensor above = Draw(output.sizes().vec(), -1, 1, random_);
  output.backward(above);

  const at::Tensor plain_input = input.detach().to(at::kDouble).requires_grad_();
  const at::Tensor expected = Plain(plain_input);
  expected.backward(above.to(at::kDouble));
  ExpectNear(output, expected, "output");
  ExpectNear(input.grad(), plain_input.grad(), "gradient of the input");
  for (const NamedTensor& entry : parameters_.trained()) {
    ExpectNear(entry.value.grad(), reference_.at(entry.name).grad(), "gradient of " + entry.name);
  }
  if (normalises_sums())
    ExpectStatisticsOf(sums[0].detach().to(at::kDouble) * double{input_scale()});
}

INSTANTIATE_TEST_SUITE_P(, NetworkEnd, ::testing::ValuesIn([] {
                           std::vector<Case> cases;
                           for (Backend backend :
                                {Backend::kBinaryConnect, Backend::kBnn, Backend::kXnorNet}) {
                             for (bool is_first : {true, false}) {
                               for (LayerKind kind : {LayerKind::kReal, LayerKind::kBinary}) {
                                 for (auto mode :
                                      {NormalisationMode::kRunning, NormalisationMode::kBatch}) {
                                   cases.push_back({backend, is_first, kind, mode});
                                 }
                               }
                             }
                           }
                           cases.push_back({.backend = Backend::kBnn,
                                            .is_first = true,
                                            .kind = LayerKind::kReal,
                                            .shift_based = true});
                           cases.push_back({.backend = Backend::kBnn,
                                            .is_first = false,
                                            .kind = LayerKind::kBinary,
                                            .shift_based = true});
                           return cases;
                         }()),
                         NameOf);

}  // namespace
}  // namespace dqnd
