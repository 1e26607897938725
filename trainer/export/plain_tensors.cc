#include "trainer/export/plain_tensors.h"

#include <algorithm>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include "trainer/network/binarized_backend.h"
#include "trainer/network/binary_ops.h"

namespace dqnd {

std::vector<NamedTensor> PlainTensors(const QNetwork& network, const NetworkSection& options) {
  const c10::NoGradGuard no_grad;
  std::vector<NamedTensor> tensors;
  for (const NamedTensor& entry : network.parameters().entries()) {
    const std::vector<LayerSite>& sites = network.sites();
    const auto site =
        std::ranges::find(sites, entry.name, [](const LayerSite& s) { return s.name + ".weight"; });
    if (site == sites.end() || !HasBinaryWeights(*site, options)) {
      tensors.push_back({entry.name, entry.value.clone(), entry.shape});
      continue;
    }
    const ScaledSigns weight = ScaledSignsOfWeights(entry.value);
    tensors.push_back({entry.name, weight.signs, entry.shape});
    if (options.backend == Backend::kXnorNet) {
      tensors.push_back({site->name + ".scale", weight.scales, weight.scales.sizes().vec()});
    }
  }
  return tensors;
}

}  // namespace dqnd
