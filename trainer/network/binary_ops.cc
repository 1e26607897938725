#include "trainer/network/binary_ops.h"

#include <algorithm>
#include <cmath>

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include "base/vectorized.h"

namespace dqnd {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Variable;
using torch::autograd::variable_list;

DQND_VECTORIZED
void WriteSigns(const float* x, float* signs, int64_t size) {
  for (int64_t i = 0; i < size; ++i) signs[i] = x[i] >= 0 ? 1.0f : -1.0f;
}

DQND_VECTORIZED
void HardTanhGradient(const float* x, const float* above, float* below, int64_t size) {
  for (int64_t i = 0; i < size; ++i) below[i] = std::abs(x[i]) <= 1 ? above[i] : 0.0f;
}

DQND_VECTORIZED
void BirealGradient(const float* x, const float* above, float* below, int64_t size) {
  for (int64_t i = 0; i < size; ++i) {
    const float slope = 2 - 2 * std::abs(x[i]);
    below[i] = slope > 0 ? above[i] * slope : 0.0f;
  }
}

// Of one output's n weights: the gradient of its signs, and that of its scale divided by n.
DQND_VECTORIZED
void ScaledSignsGradient(const float* latent, const float* of_signs, float of_scale, float* below,
                         int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    below[i] =
        (std::abs(latent[i]) <= 1 ? of_signs[i] : 0.0f) + (latent[i] >= 0 ? of_scale : -of_scale);
  }
}

// Sums of kLanes numbers side by side: one order of additions, whatever the vector width.
DQND_VECTORIZED
float MeanOfAbsolutes(const float* values, int64_t size) {
  constexpr int64_t kLanes = 16;
  float sums[kLanes] = {};
  const int64_t whole = size - size % kLanes;
  for (int64_t i = 0; i < whole; i += kLanes) {
    for (int64_t lane = 0; lane < kLanes; ++lane) sums[lane] += std::abs(values[i + lane]);
  }
  double total = 0;
  for (float sum : sums) total += sum;
  for (int64_t i = whole; i < size; ++i) total += std::abs(values[i]);
  return static_cast<float>(total / static_cast<double>(size));
}

DQND_VECTORIZED
void ClipToOne(float* values, int64_t size) {
  for (int64_t i = 0; i < size; ++i) values[i] = std::clamp(values[i], -1.0f, 1.0f);
}

at::Tensor SignsOf(const at::Tensor& x) {
  at::Tensor signs = at::empty_like(x);
  WriteSigns(x.const_data_ptr<float>(), signs.data_ptr<float>(), x.numel());
  return signs;
}

// `tensor` with its elements where those of `like` lie.
at::Tensor Alike(const at::Tensor& tensor, const at::Tensor& like) {
  if (tensor.strides() == like.strides()) return tensor;
  return at::empty_like(like).copy_(tensor);
}

struct ActivationSign : torch::autograd::Function<ActivationSign> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, int64_t ste) {
    context->saved_data["ste"] = ste;
    context->save_for_backward({x});
    return SignsOf(x);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const at::Tensor x = context->get_saved_variables()[0];
    const auto ste = static_cast<Ste>(context->saved_data["ste"].toInt());
    if (ste == Ste::kIdentity) return {gradients[0], {}};
    const at::Tensor above = Alike(gradients[0], x);
    at::Tensor below = at::empty_like(x);
    (ste == Ste::kBireal ? BirealGradient : HardTanhGradient)(x.const_data_ptr<float>(),
                                                              above.const_data_ptr<float>(),
                                                              below.data_ptr<float>(), x.numel());
    return {below, {}};
  }
};

struct WeightSign : torch::autograd::Function<WeightSign> {
  static at::Tensor forward(AutogradContext*, const at::Tensor& latent) { return SignsOf(latent); }

  static variable_list backward(AutogradContext*, const variable_list& gradients) {
    return gradients;
  }
};

struct ScaledWeightSign : torch::autograd::Function<ScaledWeightSign> {
  static variable_list forward(AutogradContext* context, const at::Tensor& latent) {
    context->save_for_backward({latent});
    return {SignsOf(latent), ScalesOfWeights(latent)};
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const at::Tensor latent = context->get_saved_variables()[0];
    const int64_t outputs = latent.size(0), n = latent.numel() / outputs;
    const at::Tensor of_signs = Alike(gradients[0], latent);
    const at::Tensor of_scales = gradients[1].contiguous();
    at::Tensor below = at::empty_like(latent);
    for (int64_t output = 0; output < outputs; ++output) {
      ScaledSignsGradient(latent.const_data_ptr<float>() + output * n,
                          of_signs.const_data_ptr<float>() + output * n,
                          of_scales.const_data_ptr<float>()[output] / static_cast<float>(n),
                          below.data_ptr<float>() + output * n, n);
    }
    return {below};
  }
};

}  // namespace

at::Tensor SignOfActivations(const at::Tensor& x, Ste ste) {
  return ActivationSign::apply(x, static_cast<int64_t>(ste));
}

at::Tensor SignOfWeights(const at::Tensor& latent) {
  return WeightSign::apply(latent);
}

ScaledSigns ScaledSignsOfWeights(const at::Tensor& latent) {
  const variable_list both = ScaledWeightSign::apply(latent);
  return {both[0], both[1]};
}

at::Tensor ScalesOfWeights(const at::Tensor& latent) {
  const int64_t outputs = latent.size(0), n = latent.numel() / outputs;
  at::Tensor scales = at::empty({outputs}, at::kFloat);
  for (int64_t output = 0; output < outputs; ++output) {
    scales.data_ptr<float>()[output] =
        MeanOfAbsolutes(latent.const_data_ptr<float>() + output * n, n);
  }
  return scales;
}

void ClipLatent(const at::Tensor& latent) {
  ClipToOne(latent.data_ptr<float>(), latent.numel());
}

}  // namespace dqnd
