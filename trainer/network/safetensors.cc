#include "trainer/network/safetensors.h"

#include <cstring>
#include <stdexcept>
#include <vector>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "base/bytes.h"

namespace dqnd {
namespace {

using Json = nlohmann::json;

constexpr uint64_t kLongestHeaderBytes = 100'000'000;  // the format's own limit

// The header and the tensors' bytes behind it.
struct File {
  Json header;
  std::string_view data;
};

File Split(std::string_view bytes, const std::string& source) {
  uint64_t header_size = 0;
  if (bytes.size() < sizeof header_size) {
    throw std::runtime_error(
        fmt::format("{}: {} bytes are too few for a safetensors file", source, bytes.size()));
  }
  std::memcpy(&header_size, bytes.data(), sizeof header_size);
  bytes.remove_prefix(sizeof header_size);
  if (header_size > kLongestHeaderBytes || header_size > bytes.size()) {
    throw std::runtime_error(fmt::format("{}: the safetensors header claims {} bytes, {} are there",
                                         source, header_size, bytes.size()));
  }
  Json header = Json::parse(bytes.substr(0, header_size), nullptr, /*allow_exceptions=*/false);
  if (!header.is_object()) {
    throw std::runtime_error(source + ": the safetensors header is no JSON object");
  }
  return {std::move(header), bytes.substr(header_size)};
}

// The bytes of one tensor of the given shape.
std::string_view TensorBytes(const File& file, const std::string& source, const std::string& name,
                             const std::vector<int64_t>& shape, size_t size_bytes) {
  const auto entry = file.header.find(name);
  if (entry == file.header.end()) {
    throw std::runtime_error(
        fmt::format("{}: has no tensor {}; it belongs to another network, whose network.* keys are "
                    "in the config.yaml of its run",
                    source, name));
  }
  try {
    const auto saved_shape = entry->at("shape").get<std::vector<int64_t>>();
    const auto offsets = entry->at("data_offsets").get<std::vector<uint64_t>>();
    if (entry->at("dtype") != "F32" || saved_shape != shape) {
      throw std::runtime_error(fmt::format("{}: {} is {} {}, the network needs F32 {}", source,
                                           name, entry->at("dtype").get<std::string>(), saved_shape,
                                           shape));
    }
    if (offsets.size() != 2 || offsets[0] > offsets[1] || offsets[1] > file.data.size() ||
        offsets[1] - offsets[0] != size_bytes) {
      throw std::runtime_error(
          fmt::format("{}: {} lies at {} of {} bytes, which cannot hold {} bytes", source, name,
                      offsets, file.data.size(), size_bytes));
    }
    return file.data.substr(offsets[0], size_bytes);
  } catch (const Json::exception& error) {
    throw std::runtime_error(
        fmt::format("{}: the entry of {} is malformed: {}", source, name, error.what()));
  }
}

}  // namespace

std::string EncodeSafetensors(std::span<const NamedTensor> tensors,
                              const std::map<std::string, std::string>& metadata) {
  nlohmann::ordered_json header;
  header["__metadata__"] = metadata;
  size_t data_bytes = 0;
  for (const NamedTensor& tensor : tensors) {
    const size_t begin = data_bytes;
    data_bytes += tensor.value.nbytes();
    header[tensor.name] = {
        {"dtype", "F32"}, {"shape", tensor.shape}, {"data_offsets", {begin, data_bytes}}};
  }
  std::string text = header.dump();
  text.append((8 - text.size() % 8) % 8, ' ');  // tensors begin at a multiple of 8
  ByteWriter writer;
  writer.Reserve(sizeof(uint64_t) + text.size() + data_bytes);
  writer.String(text);
  for (const NamedTensor& tensor : tensors) {
    const at::Tensor row_major = tensor.value.detach().contiguous();
    writer.Raw(row_major.const_data_ptr<float>(), row_major.nbytes());
  }
  return writer.Take();
}

void DecodeSafetensors(std::string_view bytes, const std::string& source,
                       std::span<const NamedTensor> tensors) {
  const c10::NoGradGuard no_grad;
  const File file = Split(bytes, source);
  const size_t others = file.header.size() - file.header.count("__metadata__");
  if (others > tensors.size()) {
    throw std::runtime_error(fmt::format(
        "{}: has {} tensors, the network {}; it belongs to another one, whose network.* "
        "keys are in the config.yaml of its run",
        source, others, tensors.size()));
  }
  for (const NamedTensor& entry : tensors) {
    at::Tensor row_major = at::empty(entry.value.sizes(), at::kFloat);
    const std::string_view raw =
        TensorBytes(file, source, entry.name, entry.shape, row_major.nbytes());
    std::memcpy(row_major.data_ptr<float>(), raw.data(), raw.size());
    at::Tensor(entry.value).copy_(row_major);
  }
}

}  // namespace dqnd
