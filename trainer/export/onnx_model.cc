#include "trainer/export/onnx_model.h"

#include <stdexcept>
#include <utility>
#include <vector>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <fmt/format.h>

#include "onnx_format.pb.h"
#include "trainer/network/binarized_backend.h"
#include "trainer/network/binary_ops.h"
#include "trainer/network/normalisation.h"

namespace dqnd {
namespace {

// A chain of operators, each on what the one before it has made.
class Chain {
 public:
  Chain(onnx::Graph& graph, std::string input) : graph_(graph), newest_(std::move(input)) {}

  onnx::Node& Add(const std::string& op_type, const std::string& output,
                  const std::vector<std::string>& more_inputs = {}) {
    onnx::Node& node = *graph_.add_node();
    node.set_op_type(op_type);
    node.set_name(output);
    node.add_input(newest_);
    for (const std::string& input : more_inputs) node.add_input(input);
    node.add_output(output);
    newest_ = output;
    return node;
  }

  // A constant under `name`, which it returns.
  std::string Constant(const std::string& name, const at::Tensor& value,
                       const std::vector<int64_t>& shape) {
    onnx::Tensor& tensor = *graph_.add_initializer();
    tensor.set_name(name);
    tensor.set_data_type(onnx::Tensor::FLOAT);
    for (const int64_t size : shape) tensor.add_dims(size);
    const at::Tensor numbers = value.detach().contiguous();
    tensor.set_raw_data(numbers.const_data_ptr(), numbers.numel() * sizeof(float));
    return name;
  }

 private:
  onnx::Graph& graph_;
  std::string newest_;
};

void SetInts(onnx::Node& node, const std::string& name, const std::vector<int64_t>& values) {
  onnx::Attribute& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(onnx::Attribute::INTS);
  for (const int64_t value : values) attribute.add_ints(value);
}

void SetInt(onnx::Node& node, const std::string& name, int64_t value) {
  onnx::Attribute& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(onnx::Attribute::INT);
  attribute.set_i(value);
}

// `name` [batch, sizes...]
void Describe(onnx::Value& value, const std::string& name, onnx::Tensor::DataType type,
              const std::vector<int64_t>& sizes) {
  value.set_name(name);
  onnx::TensorType& tensor = *value.mutable_type()->mutable_tensor_type();
  tensor.set_elem_type(type);
  tensor.mutable_shape()->add_dim()->set_dim_param("batch");
  for (const int64_t size : sizes) tensor.mutable_shape()->add_dim()->set_dim_value(size);
}

// W x + b, or sign(W) x.
void AddProduct(Chain& chain, const LayerSite& site, const Parameters& parameters, bool is_binary) {
  const at::Tensor& weight = parameters.Named(site.name + ".weight");
  const bool is_convolution = site.product.is_convolution();
  const std::vector<int64_t> shape =
      is_convolution ? weight.sizes().vec()
                     : std::vector<int64_t>{site.product.outputs(), site.product.fan_in()};
  std::vector<std::string> inputs = {
      chain.Constant(site.name + ".weight", is_binary ? SignOfWeights(weight) : weight, shape)};
  if (!is_binary) {
    const at::Tensor& bias = parameters.Named(site.name + ".bias");
    inputs.push_back(chain.Constant(site.name + ".bias", bias, bias.sizes().vec()));
  }
  if (is_convolution) {
    onnx::Node& node = chain.Add("Conv", site.name, inputs);
    SetInts(node, "kernel_shape", {site.product.kernel_height(), site.product.kernel_width()});
    SetInts(node, "strides", {site.product.stride(), site.product.stride()});
  } else {
    if (site.input.height * site.input.width > 1) {
      SetInt(chain.Add("Flatten", site.name + ".flat"), "axis", 1);
    }
    SetInt(chain.Add("Gemm", site.name, inputs), "transB", 1);
  }
  if (site.input_scale != 1) {
    chain.Add(
        "Mul", site.name + ".scaled",
        {chain.Constant(site.name + ".input_scale", at::scalar_tensor(site.input_scale), {})});
  }
}

// As (x - mean) * scale + bias, which every reader computes alike.
void AddNorm(Chain& chain, const LayerSite& site, const Parameters& parameters,
             const NetworkSection& options) {
  const std::vector<ChannelNorm> norms = ChannelNorms(parameters, site.name + ".norm", options);
  const auto channels = static_cast<int64_t>(norms.size());
  const auto constant = [&](const std::string& what, float ChannelNorm::* member) {
    at::Tensor value = at::empty({channels}, at::kFloat);
    for (int64_t c = 0; c < channels; ++c) value.data_ptr<float>()[c] = norms[c].*member;
    return chain.Constant(site.name + ".norm." + what, value,
                          site.product.is_convolution() ? std::vector<int64_t>{channels, 1, 1}
                                                        : std::vector<int64_t>{channels});
  };
  chain.Add("Sub", site.name + ".centered", {constant("mean", &ChannelNorm::mean)});
  chain.Add("Mul", site.name + ".normalised", {constant("scale", &ChannelNorm::scale)});
  chain.Add("Add", site.name + ".norm", {constant("bias", &ChannelNorm::bias)});
}

}  // namespace

std::string OnnxModel(const QNetwork& network, const NetworkSection& options,
                      const EnvironmentSpec& environment) {
  if (options.backend != Backend::kFloat && options.backend != Backend::kBinaryConnect) {
    throw std::invalid_argument(
        fmt::format("network.backend is {}, whose activations are bits; only float and "
                    "binary_connect are written as ONNX; --format=packed and --format=c take it",
                    kBackendNames[static_cast<size_t>(options.backend)]));
  }
  const c10::NoGradGuard no_grad;
  const ObservationSpec& observation = environment.observation;
  const Parameters& parameters = network.parameters();
  onnx::Model model;
  model.set_ir_version(8);
  model.set_producer_name("dqnd");
  model.add_opset_import()->set_version(13);
  onnx::Graph& graph = *model.mutable_graph();
  graph.set_name(environment.id);

  const PictureShape& input = network.sites().front().input;
  const bool is_bytes = observation.type == ElementType::kUint8;
  const std::vector<int64_t> sizes =
      input.height * input.width > 1
          ? std::vector<int64_t>{input.channels, input.height, input.width}
          : std::vector<int64_t>{input.channels};
  Describe(*graph.add_input(), "observation", is_bytes ? onnx::Tensor::UINT8 : onnx::Tensor::FLOAT,
           sizes);
  Chain chain(graph, "observation");
  if (is_bytes) SetInt(chain.Add("Cast", "numbers"), "to", onnx::Tensor::FLOAT);
  if (network.state_scale() != 1) {
    chain.Add("Mul", "state",
              {chain.Constant("state_scale", at::scalar_tensor(network.state_scale()), {})});
  }
  for (const LayerSite& site : network.sites()) {
    const bool is_binary = HasBinaryWeights(site, options);
    AddProduct(chain, site, parameters, is_binary);
    const bool is_normalised =
        options.backend == Backend::kBinaryConnect && (!site.is_last || is_binary);
    if (is_normalised) AddNorm(chain, site, parameters, options);
    if (!site.is_last) chain.Add("Relu", site.name + ".relu");
  }
  chain.Add("Identity", "q_values");
  Describe(*graph.add_output(), "q_values", onnx::Tensor::FLOAT,
           {network.sites().back().product.outputs()});
  return model.SerializeAsString();
}

}  // namespace dqnd
