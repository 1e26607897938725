#include "trainer/network/binary_ops.h"

#include <cassert>
#include <cmath>
#include <vector>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
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

// `tensor` with its elements where those of `like` lie.
at::Tensor Alike(const at::Tensor& tensor, const at::Tensor& like) {
  if (tensor.strides() == like.strides()) return tensor;
  return at::empty_like(like).copy_(tensor);
}

int64_t WeightsOfAnOutput(const at::Tensor& latent) {
  return latent.numel() / latent.size(0);
}

// Each of these in both ways; `above` is the gradient that arrives, what is returned the one that
// goes on.
struct Loops {
  static at::Tensor Signs(const at::Tensor& x) {
    assert(x.is_cpu());
    at::Tensor signs = at::empty_like(x);
    WriteSigns(x.const_data_ptr<float>(), signs.data_ptr<float>(), x.numel());
    return signs;
  }

  static at::Tensor OfHardTanh(const at::Tensor& x, const at::Tensor& above) {
    return Elementwise(HardTanhGradient, x, above);
  }
  static at::Tensor OfBireal(const at::Tensor& x, const at::Tensor& above) {
    return Elementwise(BirealGradient, x, above);
  }

  static at::Tensor Scales(const at::Tensor& latent) {
    const int64_t outputs = latent.size(0), n = WeightsOfAnOutput(latent);
    at::Tensor scales = at::empty({outputs}, at::kFloat);
    for (int64_t output = 0; output < outputs; ++output) {
      scales.data_ptr<float>()[output] =
          MeanOfAbsolutes(latent.const_data_ptr<float>() + output * n, n);
    }
    return scales;
  }

  static at::Tensor OfScaledSigns(const at::Tensor& latent, const at::Tensor& above_signs,
                                  const at::Tensor& above_scales) {
    const int64_t outputs = latent.size(0), n = WeightsOfAnOutput(latent);
    const at::Tensor of_signs = Alike(above_signs, latent);
    const at::Tensor of_scales = above_scales.contiguous();
    at::Tensor below = at::empty_like(latent);
    for (int64_t output = 0; output < outputs; ++output) {
      ScaledSignsGradient(latent.const_data_ptr<float>() + output * n,
                          of_signs.const_data_ptr<float>() + output * n,
                          of_scales.const_data_ptr<float>()[output] / static_cast<float>(n),
                          below.data_ptr<float>() + output * n, n);
    }
    return below;
  }

 private:
  static at::Tensor Elementwise(void (*gradient)(const float*, const float*, float*, int64_t),
                                const at::Tensor& x, const at::Tensor& above) {
    at::Tensor below = at::empty_like(x);
    gradient(x.const_data_ptr<float>(), Alike(above, x).const_data_ptr<float>(),
             below.data_ptr<float>(), x.numel());
    return below;
  }
};

struct Operations {
  static at::Tensor Signs(const at::Tensor& x) { return x.ge(0).to(at::kFloat).mul(2).sub(1); }

  static at::Tensor OfHardTanh(const at::Tensor& x, const at::Tensor& above) {
    return above.clone().masked_fill_(x.abs().gt(1), 0);  // of the same strides
  }
  static at::Tensor OfBireal(const at::Tensor& x, const at::Tensor& above) {
    return above * x.abs().mul(-2).add(2).clamp_min(0);
  }

  static at::Tensor Scales(const at::Tensor& latent) {
    return latent.abs().flatten(1).mean(1, /*keepdim=*/false, at::kDouble).to(at::kFloat);
  }

  static at::Tensor OfScaledSigns(const at::Tensor& latent, const at::Tensor& above_signs,
                                  const at::Tensor& above_scales) {
    std::vector<int64_t> an_output(latent.dim(), 1);
    an_output[0] = latent.size(0);
    const at::Tensor of_scales = above_scales.div(WeightsOfAnOutput(latent)).view(an_output);
    return OfHardTanh(latent, above_signs) + of_scales * Signs(latent);
  }
};

template <typename By>
struct ActivationSign : torch::autograd::Function<ActivationSign<By>> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, int64_t ste) {
    context->saved_data["ste"] = ste;
    context->save_for_backward({x});
    return By::Signs(x);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const at::Tensor x = context->get_saved_variables()[0];
    switch (static_cast<Ste>(context->saved_data["ste"].toInt())) {
      case Ste::kHardTanh:
        return {By::OfHardTanh(x, gradients[0]), {}};
      case Ste::kBireal:
        return {By::OfBireal(x, gradients[0]), {}};
      case Ste::kIdentity:
        break;
    }
    return {gradients[0], {}};
  }
};

template <typename By>
struct WeightSign : torch::autograd::Function<WeightSign<By>> {
  static at::Tensor forward(AutogradContext*, const at::Tensor& latent) {
    return By::Signs(latent);
  }

  static variable_list backward(AutogradContext*, const variable_list& gradients) {
    return gradients;
  }
};

template <typename By>
struct ScaledWeightSign : torch::autograd::Function<ScaledWeightSign<By>> {
  static variable_list forward(AutogradContext* context, const at::Tensor& latent) {
    context->save_for_backward({latent});
    return {By::Signs(latent), By::Scales(latent)};
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const at::Tensor latent = context->get_saved_variables()[0];
    return {By::OfScaledSigns(latent, gradients[0], gradients[1])};
  }
};

}  // namespace

at::Tensor SignOfActivations(const at::Tensor& x, Ste ste, ComputedBy by) {
  const auto number = static_cast<int64_t>(ste);
  return by == ComputedBy::kLoops ? ActivationSign<Loops>::apply(x, number)
                                  : ActivationSign<Operations>::apply(x, number);
}

at::Tensor SignOfWeights(const at::Tensor& latent, ComputedBy by) {
  return by == ComputedBy::kLoops ? WeightSign<Loops>::apply(latent)
                                  : WeightSign<Operations>::apply(latent);
}

ScaledSigns ScaledSignsOfWeights(const at::Tensor& latent, ComputedBy by) {
  const variable_list both = by == ComputedBy::kLoops ? ScaledWeightSign<Loops>::apply(latent)
                                                      : ScaledWeightSign<Operations>::apply(latent);
  return {both[0], both[1]};
}

at::Tensor ScalesOfWeights(const at::Tensor& latent) {
  return Loops::Scales(latent);
}

void ClipLatent(const at::Tensor& latent) {
  const c10::NoGradGuard no_grad;
  latent.clamp_(-1, 1);
}

}  // namespace dqnd
