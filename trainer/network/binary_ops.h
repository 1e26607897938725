#pragma once

#include <ATen/core/Tensor.h>

#include "trainer/config/config.h"
#include "trainer/network/computed_by.h"

namespace dqnd {

// The operations of binarized networks that LibTorch lacks, with their gradients. Everywhere
// sign(x) is +1 for x >= 0, and -1 otherwise; sign(0) and sign(-0) are +1. Tensors are float32 and
// dense; results lie in memory as the input does.

// sign(x) of activations. Its derivative, which is 0 where it exists, is replaced ("straight
// through", Bengio et al. 2013) by
//   identity   1
//   hard_tanh  1 where |x| <= 1, else 0 (Hubara et al. 2016, equation 4)
//   bireal     2 - 2 |x| where |x| < 1, else 0 (Liu et al., "Bi-Real Net", 2018, equation 8)
at::Tensor SignOfActivations(const at::Tensor& x, Ste ste, ComputedBy by = ComputedBy::kLoops);

// sign(W) of latent weights, [outputs, ...]. The gradient goes to W as it is (Courbariaux et al.
// 2015, algorithm 1): W is kept within [-1, 1], where identity and hard_tanh are one.
at::Tensor SignOfWeights(const at::Tensor& latent, ComputedBy by = ComputedBy::kLoops);

// sign(W) and alpha = mean |W| of each output, [outputs] (Rastegari et al. 2016, equation 6). W
// takes the gradient of both, so that what reaches it is that of alpha sign(W):
//   dC/dW_i = dC/dsign_i 1(|W_i| <= 1) + dC/dalpha sign(W_i) / n
struct ScaledSigns {
  at::Tensor signs;
  at::Tensor scales;
};
ScaledSigns ScaledSignsOfWeights(const at::Tensor& latent, ComputedBy by = ComputedBy::kLoops);

// The same alpha alone, without a gradient.
at::Tensor ScalesOfWeights(const at::Tensor& latent);

// Keeps latent weights within [-1, 1], in place, on any device.
void ClipLatent(const at::Tensor& latent);

}  // namespace dqnd
