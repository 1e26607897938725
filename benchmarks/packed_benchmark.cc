// One decision of a network, on one core: by LibTorch as the trainer computes it; by LibTorch as
// fast as it can be had (weights laid out for oneDNN beforehand, in bfloat16 where the processor
// has it); and packed, on each code path. Beside them what packing costs.

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <benchmark/benchmark.h>
#include <c10/core/InferenceMode.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "trainer/acting/actor.h"
#include "trainer/export/packed_network.h"

namespace dqnd {
namespace {

constexpr int kActions = 6;

struct Workload {
  Workload(Architecture architecture, Backend backend) {
    at::set_num_threads(1);
    options.architecture = architecture;
    options.backend = backend;
    observation = architecture == Architecture::kNatureCnn
                      ? ObservationSpec{.type = ElementType::kUint8,
                                        .height = 84,
                                        .width = 84,
                                        .channels = 1,
                                        .stack = 4,
                                        .scale = 1.0f / 255}
                      : ObservationSpec{
                            .type = ElementType::kUint8, .height = 10, .width = 10, .channels = 6};
    RandomStream init(1, "init");
    network = std::make_unique<QNetwork>(options, observation, kActions, init);
    state.resize(observation.bytes() * observation.stack);
    RandomStream pixels(1, "pixels");
    for (uint8_t& pixel : state) pixel = static_cast<uint8_t>(pixels.Below(256));
  }

  NetworkSection options;
  ObservationSpec observation;
  std::unique_ptr<QNetwork> network;
  std::vector<uint8_t> state;
};

void LibTorch(benchmark::State& bench, Architecture architecture, Backend backend) {
  const Workload work(architecture, backend);
  const std::unique_ptr<Actor> actor = MakeActor(*work.network, work.options, work.observation);
  for (auto _ : bench) benchmark::DoNotOptimize(actor->ActionValues(work.state).data());
}

// A convolution or linear layer with its rectifier, weights in oneDNN's own layout.
class LaidOutLayer {
 public:
  LaidOutLayer(const LayerSite& site, const Parameters& parameters, at::ScalarType type,
               const std::vector<int64_t>& input_sizes)
      : is_convolution_(site.product.is_convolution()),
        is_last_(site.is_last),
        stride_(site.product.stride()),
        bias_(parameters.Named(site.name + ".bias").detach().to(type)) {
    const at::Tensor weight = parameters.Named(site.name + ".weight").detach();
    if (is_convolution_) {
      weight_ = at::mkldnn_reorder_conv2d_weight(weight.to(type).to_mkldnn(), {0, 0},
                                                 {stride_, stride_}, {1, 1}, 1, input_sizes);
    } else {
      weight_ =
          (weight.dim() == 4 ? weight.permute({0, 2, 3, 1}).reshape({weight.size(0), -1}) : weight)
              .to(type)
              .contiguous();
    }
  }

  at::Tensor Forward(const at::Tensor& input) const {
    if (is_convolution_) {
      static const auto convolve =
          c10::Dispatcher::singleton()
              .findSchemaOrThrow("mkldnn::_convolution_pointwise", "")
              .typed<at::Tensor(
                  const at::Tensor&, const at::Tensor&, const std::optional<at::Tensor>&,
                  at::IntArrayRef, at::IntArrayRef, at::IntArrayRef, int64_t, std::string_view,
                  c10::List<std::optional<at::Scalar>>, std::optional<std::string_view>)>();
      const std::vector<int64_t> none = {0, 0}, strides = {stride_, stride_}, one = {1, 1};
      return convolve.call(input, weight_, bias_, none, strides, one, 1, "relu",
                           c10::List<std::optional<at::Scalar>>(), std::nullopt);
    }
    const at::Tensor rows =
        input.dim() == 4 ? input.permute({0, 2, 3, 1}).reshape({input.size(0), -1}) : input;
    at::Tensor sums = at::linear(rows, weight_, bias_);
    return is_last_ ? sums : sums.relu_();
  }

 private:
  bool is_convolution_;
  bool is_last_;
  int64_t stride_;
  at::Tensor weight_, bias_;
};

// `type`: float32 or bfloat16.
void LibTorchLaidOut(benchmark::State& bench, at::ScalarType type) {
  const Workload work(Architecture::kNatureCnn, Backend::kFloat);
  const c10::InferenceMode inference;
  std::vector<LaidOutLayer> layers;
  for (const LayerSite& site : work.network->sites()) {
    layers.emplace_back(
        site, work.network->parameters(), type,
        std::vector<int64_t>{1, site.input.channels, site.input.height, site.input.width});
  }
  StateConverter converter(work.observation, work.network->state_scale());
  const auto decide = [&] {
    at::Tensor x = converter.Convert(work.state).to(type);
    for (const LaidOutLayer& layer : layers) x = layer.Forward(x);
    return x.to(at::kFloat);
  };
  const at::Tensor expected = work.network->Forward(converter.Convert(work.state));
  if (!at::allclose(decide(), expected, 0, type == at::kFloat ? 1e-5 : 0.02)) {
    bench.SkipWithError("computes something else");
  }
  for (auto _ : bench) benchmark::DoNotOptimize(decide().const_data_ptr());
}

void Packed(benchmark::State& bench, Architecture architecture, Backend backend,
            packed_net_path path) {
  const Workload work(architecture, backend);
  const PackedExport packed =
      PackNetwork(*work.network, work.options, work.observation, Thresholds::kHalved);
  const std::string bytes = EncodePacked(packed.network);
  PackedFile file(bytes, "benchmark");
  if (!packed_net_use(&file.net(), path)) {
    bench.SkipWithError("this processor has no such instructions");
    return;
  }
  // The state is as good an observation as any: which pixel is where does not matter here.
  std::vector<int32_t> values(kActions);
  for (auto _ : bench) {
    packed_net_values(&file.net(), work.state.data(), file.scratch(), values.data());
    benchmark::DoNotOptimize(values.data());
  }
  bench.counters["bytes"] = static_cast<double>(bytes.size());
  bench.counters["times_smaller"] =
      4.0 * static_cast<double>(work.network->parameters().count()) / bytes.size();
}

// Parameters to a packed network in memory, as network.actor=packed does after each update.
void Packing(benchmark::State& bench, Architecture architecture, Backend backend) {
  Workload work(architecture, backend);
  work.options.actor = ActorKind::kPacked;
  const std::unique_ptr<Actor> actor = MakeActor(*work.network, work.options, work.observation);
  for (auto _ : bench) {
    actor->ParametersChanged();
    benchmark::DoNotOptimize(actor->ActionValues(work.state).data());
  }
}

#define NATURE(name, ...) \
  BENCHMARK_CAPTURE(__VA_ARGS__)->Name("nature/" name)->Unit(benchmark::kMicrosecond)
#define MINATAR(name, ...) \
  BENCHMARK_CAPTURE(__VA_ARGS__)->Name("minatar/" name)->Unit(benchmark::kMicrosecond)
constexpr Architecture kNature = Architecture::kNatureCnn, kMinatar = Architecture::kMinatarCnn;

NATURE("float/libtorch", LibTorch, nature, kNature, Backend::kFloat);
NATURE("float/laid_out", LibTorchLaidOut, nature_float, at::kFloat);
NATURE("float/laid_out_bfloat16", LibTorchLaidOut, nature_bfloat16, at::kBFloat16);
NATURE("bnn/libtorch", LibTorch, nature_bnn, kNature, Backend::kBnn);
NATURE("bnn/portable", Packed, nature_bnn_0, kNature, Backend::kBnn, PACKED_NET_PORTABLE);
NATURE("bnn/avx2", Packed, nature_bnn_1, kNature, Backend::kBnn, PACKED_NET_AVX2);
NATURE("bnn/avx512", Packed, nature_bnn_2, kNature, Backend::kBnn, PACKED_NET_AVX512);
NATURE("xnor_net/portable", Packed, nature_xnor_0, kNature, Backend::kXnorNet, PACKED_NET_PORTABLE);
NATURE("xnor_net/avx2", Packed, nature_xnor_1, kNature, Backend::kXnorNet, PACKED_NET_AVX2);
NATURE("xnor_net/avx512", Packed, nature_xnor_2, kNature, Backend::kXnorNet, PACKED_NET_AVX512);
NATURE("bnn/packing", Packing, nature_bnn, kNature, Backend::kBnn);
NATURE("xnor_net/packing", Packing, nature_xnor, kNature, Backend::kXnorNet);
MINATAR("float/libtorch", LibTorch, minatar, kMinatar, Backend::kFloat);
MINATAR("bnn/avx512", Packed, minatar_bnn, kMinatar, Backend::kBnn, PACKED_NET_AVX512);
MINATAR("bnn/packing", Packing, minatar_bnn, kMinatar, Backend::kBnn);

}  // namespace
}  // namespace dqnd
