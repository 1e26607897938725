#include "trainer/network/layer_parts.h"

#include <utility>

#include <ATen/ATen.h>

#include "trainer/network/binary_ops.h"
#include "trainer/network/normalisation.h"

namespace dqnd {
namespace {

class Sequence : public Layer {
 public:
  explicit Sequence(Parts parts) : parts_(std::move(parts)) {}

  at::Tensor Forward(const at::Tensor& input, const Pass& pass) const override {
    at::Tensor x = input;
    for (const auto& part : parts_) x = part->Forward(x, pass);
    return x;
  }

  void AfterOptimizerStep() const override {
    for (const auto& part : parts_) part->AfterOptimizerStep();
  }

 private:
  Parts parts_;
};

void Show(const at::Tensor& input, const at::Tensor& sums, const Pass& pass) {
  if (pass.inputs != nullptr) pass.inputs->push_back(input);
  if (pass.sums != nullptr) pass.sums->push_back(sums);
}

class RealProductPart : public Layer {
 public:
  RealProductPart(const LayerSite& site, Parameters& parameters, RandomStream& init)
      : product_(site.product),
        weight_(product_.AddWeight(site.name, parameters, init)),
        bias_(product_.AddBias(site.name, parameters, init)) {}

  at::Tensor Forward(const at::Tensor& input, const Pass& pass) const override {
    const at::Tensor sums = product_.Apply(input, weight_, bias_);
    Show(input, sums, pass);
    return sums;
  }

 private:
  Product product_;
  at::Tensor weight_, bias_;
};

class BinaryProductPart : public Layer {
 public:
  BinaryProductPart(const LayerSite& site, Parameters& parameters, RandomStream& init)
      : product_(site.product),
        latent_(product_.AddWeight(site.name, parameters, init)),
        input_scale_(site.input_scale) {}

  at::Tensor Forward(const at::Tensor& input, const Pass& pass) const override {
    const at::Tensor sums = product_.Apply(input, SignOfWeights(latent_, pass.by));
    Show(input, sums, pass);
    return input_scale_ == 1 ? sums : sums * input_scale_;
  }

  void AfterOptimizerStep() const override { ClipLatent(latent_); }

 private:
  Product product_;
  at::Tensor latent_;
  float input_scale_;
};

class ScaledBinaryProductPart : public Layer {
 public:
  ScaledBinaryProductPart(const LayerSite& site, WithBias with_bias, Parameters& parameters,
                          RandomStream& init)
      : product_(site.product),
        latent_(product_.AddWeight(site.name, parameters, init)),
        input_scale_(site.input_scale) {
    if (with_bias == WithBias::kYes) bias_ = product_.AddBias(site.name, parameters, init);
  }

  at::Tensor Forward(const at::Tensor& input, const Pass& pass) const override {
    const ScaledSigns weight = ScaledSignsOfWeights(latent_, pass.by);
    const at::Tensor sums = product_.Apply(input, weight.signs);
    Show(input, sums, pass);
    at::Tensor scales = input_scale_ == 1 ? weight.scales : weight.scales * input_scale_;
    if (sums.dim() == 4) scales = scales.view({-1, 1, 1});
    return bias_.defined() ? sums * scales + bias_ : sums * scales;
  }

  void AfterOptimizerStep() const override { ClipLatent(latent_); }

 private:
  Product product_;
  at::Tensor latent_, bias_;
  float input_scale_;
};

class NormPart : public Layer {
 public:
  NormPart(const std::string& name, int64_t channels, const NetworkSection& options,
           Parameters& parameters)
      : normalisation_(name, channels, options, parameters) {}

  at::Tensor Forward(const at::Tensor& input, const Pass& pass) const override {
    return normalisation_.Apply(input, pass);
  }

 private:
  Normalisation normalisation_;
};

class RectifierPart : public Layer {
 public:
  at::Tensor Forward(const at::Tensor& input, const Pass&) const override {
    at::Tensor x = input;
    return x.relu_();
  }
};

class SignPart : public Layer {
 public:
  explicit SignPart(Ste ste) : ste_(ste) {}

  at::Tensor Forward(const at::Tensor& input, const Pass& pass) const override {
    return SignOfActivations(input, ste_, pass.by);
  }

 private:
  Ste ste_;
};

}  // namespace

std::unique_ptr<Layer> InSequence(Parts parts) {
  return std::make_unique<Sequence>(std::move(parts));
}

std::unique_ptr<Layer> RealProduct(const LayerSite& site, Parameters& parameters,
                                   RandomStream& init) {
  return std::make_unique<RealProductPart>(site, parameters, init);
}

std::unique_ptr<Layer> BinaryProduct(const LayerSite& site, Parameters& parameters,
                                     RandomStream& init) {
  return std::make_unique<BinaryProductPart>(site, parameters, init);
}

std::unique_ptr<Layer> ScaledBinaryProduct(const LayerSite& site, WithBias with_bias,
                                           Parameters& parameters, RandomStream& init) {
  return std::make_unique<ScaledBinaryProductPart>(site, with_bias, parameters, init);
}

std::unique_ptr<Layer> Norm(const LayerSite& site, int64_t channels, const NetworkSection& options,
                            Parameters& parameters) {
  return std::make_unique<NormPart>(site.name + ".norm", channels, options, parameters);
}

std::unique_ptr<Layer> Rectifier() {
  return std::make_unique<RectifierPart>();
}

std::unique_ptr<Layer> Sign(Ste ste) {
  return std::make_unique<SignPart>(ste);
}

}  // namespace dqnd
