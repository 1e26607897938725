#include "trainer/export/comparison.h"

#include <algorithm>
#include <cmath>

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include "env_bridge/policy.h"

namespace dqnd {
namespace {

// A layer's sums as the packed network orders them: [positions][outputs].
std::vector<double> Flat(const at::Tensor& sums) {
  const at::Tensor rows = (sums.dim() == 4 ? sums.permute({0, 2, 3, 1}) : sums).contiguous();
  return {rows.const_data_ptr<float>(), rows.const_data_ptr<float>() + rows.numel()};
}

std::span<const float> Numbers(const at::Tensor& values) {
  return {values.const_data_ptr<float>(), static_cast<size_t>(values.numel())};
}

constexpr int64_t kListedBeyondBound = 100;

}  // namespace

Comparison::Comparison(const QNetwork& network, const NetworkSection& options,
                       const ObservationSpec& observation, const PackedExport& exported,
                       PackedFile& file)
    : network_(network),
      options_(options),
      observation_(observation),
      exported_(exported),
      file_(file),
      converter_(observation, network.state_scale()),
      first_norms_(ChannelNorms(
          network.parameters(),
          network.sites()[options.backend == Backend::kXnorNet ? 1 : 0].name + ".norm", options)),
      values_(file.net().actions) {}

Comparison::Sums Comparison::PlayPacked() {
  struct Context {
    const packed_net& net;
    Sums sums;
  } context{file_.net(), Sums(file_.net().layers)};
  const auto observe = [](void* pointer, uint32_t index, uint32_t, uint32_t positions,
                          const void* sums, uint32_t stride) {
    auto& [net, all] = *static_cast<Context*>(pointer);
    const packed_net_layer& layer = net.layer[index];
    for (uint32_t p = 0; p < positions; ++p) {
      for (uint32_t o = 0; o < layer.outputs; ++o) {
        const size_t i = static_cast<size_t>(p) * stride + o;
        all[index].push_back(layer.product == PACKED_NET_FLOATS
                                 ? static_cast<const float*>(sums)[i]
                                 : static_cast<const int32_t*>(sums)[i]);
      }
    }
  };
  const at::Tensor numbers = input_.permute({0, 2, 3, 1}).contiguous();
  const at::Tensor observed = file_.net().input_is_float
                                  ? numbers
                                  : (numbers / network_.state_scale()).round().to(at::kByte);
  packed_net_values_observed(&file_.net(), observed.const_data_ptr(), file_.scratch(),
                             values_.data(), observe, &context);
  return std::move(context.sums);
}

std::vector<double> Comparison::FirstBounds() const {
  const PackedExport::RoundedSums& first = *exported_.first;
  const Product& product = network_.sites().front().product;
  const at::Tensor x = input_.abs();
  return Flat(product.Apply(x, first.rounding) + product.Apply(x, first.magnitudes, first.bias));
}

at::Tensor Comparison::CompareFirst(const at::Tensor& sums, const std::vector<double>& packed) {
  const PackedExport::RoundedSums& first = *exported_.first;
  const bool is_bnn = options_.backend == Backend::kBnn;
  const bool is_signed = exported_.network.layers[0].activation == PACKED_NET_SIGN;
  const std::vector<double> here = Flat(sums), bounds = FirstBounds();
  const int64_t outputs = sums.size(1);
  at::Tensor next = at::empty({static_cast<int64_t>(here.size()) / outputs, outputs}, at::kFloat);
  for (size_t i = 0; i < here.size(); ++i) {
    const auto o = static_cast<int64_t>(i) % outputs;
    const ChannelNorm& norm = first_norms_[o];
    const float x = static_cast<float>(here[i]) * first.scales[o];
    const float there = first.value(packed[i], static_cast<uint32_t>(o));
    const double bound = bounds[i] * first.scales[o];
    ++counts_.first_sums;
    const bool is_beyond = !(std::abs(double{x} - there) <= bound);
    counts_.first_sums_beyond += is_beyond;
    const bool sign = norm(there) >= 0;
    if (is_signed && sign != (norm(x) >= 0)) {
      ++counts_.first_signs_differing;
      const double change = norm.mean - double{norm.bias} / norm.scale;
      if (!is_beyond || counts_.first_sums_beyond <= kListedBeyondBound) {
        counts_.first_bits_differing.push_back(
            {counts_.states, static_cast<int64_t>(i) / outputs, o, std::abs(x - change), bound});
      }
    }
    next.data_ptr<float>()[i] = !is_bnn ? there : sign ? 1.0f : -1.0f;
  }
  if (sums.dim() == 2) return next;
  return next.view({1, sums.size(2), sums.size(3), outputs}).permute({0, 3, 1, 2});
}

void Comparison::CompareSums(const std::vector<at::Tensor>& sums, const Sums& packed,
                             size_t first_layer) {
  for (size_t k = 0; k < sums.size(); ++k) {
    const packed_net_product product = exported_.network.layers[first_layer + k].product;
    if (product != PACKED_NET_BITS_BITS && product != PACKED_NET_BYTES_BITS) continue;
    const std::vector<double> here = Flat(sums[k]), &there = packed[first_layer + k];
    counts_.sums += static_cast<int64_t>(here.size());
    for (size_t i = 0; i < here.size(); ++i) counts_.sums_differing += here[i] != there[i];
  }
}

void Comparison::CompareValues(const at::Tensor& q, const at::Tensor& last_input) {
  const at::Tensor h = last_input.flatten().to(at::kDouble).abs();
  const at::Tensor bounds = at::mv(exported_.value_rounding, h) + exported_.value_bounds;
  const auto value = [&](int action) { return double{q.const_data_ptr<float>()[action]}; };
  const auto bound = [&](int action) { return bounds.const_data_ptr<double>()[action]; };
  const int actions = static_cast<int>(file_.net().actions);
  for (int a = 0; a < actions; ++a) {
    const double error = std::abs(value(a) - values_[a] * file_.net().value_scale);
    counts_.largest_value_error = std::max(counts_.largest_value_error, error);
    counts_.largest_value_bound = std::max(counts_.largest_value_bound, bound(a));
    if (!(error <= bound(a))) ++counts_.values_beyond;
  }
  const int here = GreedyAction(Numbers(q)), there = packed_net_best(values_.data(), actions);
  if (value(here) - value(there) > bound(here) + bound(there)) ++counts_.actions_unexplained;
}

std::span<const float> Comparison::Play(std::span<const uint8_t> state) {
  const c10::InferenceMode inference;
  input_ = converter_.Convert(state);
  std::vector<at::Tensor> sums, inputs;
  const Pass pass = {.sums = &sums, .inputs = &inputs};
  q_ = network_.Forward(input_, pass).contiguous();
  const Sums packed = PlayPacked();
  const int64_t differing_before = counts_.first_signs_differing;
  at::Tensor q_given_bits = q_;
  if (!exported_.first) {
    CompareSums(sums, packed, 0);
  } else {
    const at::Tensor second_input = CompareFirst(sums[0], packed[0]);
    sums.clear();
    q_given_bits = network_.ForwardFrom(1, second_input, pass).contiguous();
    CompareSums(sums, packed, 1);
  }
  CompareValues(q_given_bits, inputs.back());
  if (GreedyAction(Numbers(q_)) != packed_net_best(values_.data(), file_.net().actions)) {
    ++counts_.actions_differing;
    counts_.actions_behind_bits += counts_.first_signs_differing > differing_before;
  }
  ++counts_.states;
  return Numbers(q_);
}

}  // namespace dqnd
