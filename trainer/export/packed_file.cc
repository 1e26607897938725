#include "trainer/export/packed_file.h"

#include <cstring>
#include <stdexcept>

#include <zlib.h>

#include "base/bytes.h"

namespace dqnd {
namespace {

constexpr uint32_t kHeadBytes = 64, kRecordBytes = 64, kLanes = 16;

uint32_t RoundedUp(uint32_t n, uint32_t multiple) {
  return (n + multiple - 1) / multiple * multiple;
}

// Arrays behind the records, each at a multiple of 8.
class Arrays {
 public:
  explicit Arrays(uint32_t begin) : begin_(begin) {}

  template <typename T>
  uint32_t Add(const std::vector<T>& numbers) {
    const size_t offset = bytes_.size();
    bytes_.resize(offset + RoundedUp(static_cast<uint32_t>(numbers.size() * sizeof(T)), 8));
    std::memcpy(bytes_.data() + offset, numbers.data(), numbers.size() * sizeof(T));
    return begin_ + static_cast<uint32_t>(offset);
  }

  const std::string& bytes() const { return bytes_; }

 private:
  uint32_t begin_;
  std::string bytes_;
};

template <typename T>
std::vector<T> Padded(std::vector<T> numbers, T with = T()) {
  numbers.resize(RoundedUp(static_cast<uint32_t>(numbers.size()), kLanes), with);
  return numbers;
}

std::vector<uint8_t> Bits(const std::vector<bool>& flags) {
  std::vector<uint8_t> bits(RoundedUp(static_cast<uint32_t>(flags.size()), kLanes) / 8);
  for (size_t i = 0; i < flags.size(); ++i)
    bits[i / 8] |= static_cast<uint8_t>(flags[i] << (i % 8));
  return bits;
}

uint32_t AddWeights(const PackedLayer& layer, Arrays& arrays) {
  const uint32_t fan_in = layer.fan_in(), padded = RoundedUp(layer.outputs, kLanes);
  const auto weight = [&](uint32_t output, uint32_t i) {
    return layer.weights[static_cast<size_t>(output) * fan_in + i];
  };
  switch (layer.product) {
    case PACKED_NET_BITS_BITS: {
      const uint32_t words = RoundedUp(fan_in, 64) / 64;
      std::vector<uint64_t> bits(static_cast<size_t>(padded) * words);
      for (uint32_t o = 0; o < layer.outputs; ++o) {
        for (uint32_t i = 0; i < fan_in; ++i) {
          const uint64_t bit = weight(o, i) >= 0;
          bits[(static_cast<size_t>(o / 8) * words + i / 64) * 8 + o % 8] |= bit << (i % 64);
        }
      }
      return arrays.Add(bits);
    }
    case PACKED_NET_BYTES_BITS: {
      const uint32_t quads = RoundedUp(fan_in, 8) / 4;
      std::vector<uint64_t> bits(static_cast<size_t>(padded / kLanes) * quads);
      for (uint32_t o = 0; o < layer.outputs; ++o) {
        for (uint32_t i = 0; i < fan_in; ++i) {
          const uint64_t bit = weight(o, i) >= 0;
          bits[static_cast<size_t>(o / kLanes) * quads + i / 4] |= bit << (o % kLanes * 4 + i % 4);
        }
      }
      return arrays.Add(bits);
    }
    case PACKED_NET_BYTES_INT16: {
      const uint32_t pairs = RoundedUp(fan_in, 4) / 2;
      std::vector<int16_t> numbers(static_cast<size_t>(padded) * pairs * 2);
      for (uint32_t o = 0; o < layer.outputs; ++o) {
        for (uint32_t i = 0; i < fan_in; ++i) {
          const size_t pair = static_cast<size_t>(o / kLanes) * pairs + i / 2;
          numbers[(pair * kLanes + o % kLanes) * 2 + i % 2] = static_cast<int16_t>(weight(o, i));
        }
      }
      return arrays.Add(numbers);
    }
    case PACKED_NET_FLOATS: {
      std::vector<float> numbers(static_cast<size_t>(padded) * (fan_in + 1));
      for (uint32_t o = 0; o < layer.outputs; ++o) {
        numbers[o] = layer.bias[o];
        for (uint32_t i = 0; i < fan_in; ++i)
          numbers[static_cast<size_t>(i + 1) * padded + o] = weight(o, i);
      }
      return arrays.Add(numbers);
    }
    case PACKED_NET_BITS_INT16:
    case PACKED_NET_INT32_INT16:
      break;
  }
  return arrays.Add(std::vector<int16_t>(layer.weights.begin(), layer.weights.end()));
}

struct ActivationOffsets {
  uint32_t first, second;
};

ActivationOffsets AddActivation(const PackedLayer& layer, Arrays& arrays) {
  const bool is_float = layer.product == PACKED_NET_FLOATS;
  if (layer.activation == PACKED_NET_SIGN) {
    const uint32_t thresholds = is_float ? arrays.Add(Padded(layer.real_thresholds))
                                         : arrays.Add(Padded(layer.thresholds, INT32_MAX));
    return {thresholds, arrays.Add(Bits(layer.flips))};
  }
  if (is_float) {
    const uint32_t factors = arrays.Add(Padded(layer.real_factors));
    return {factors, arrays.Add(Padded(layer.real_offsets))};
  }
  const uint32_t factors = arrays.Add(Padded(layer.factors));
  return {factors, arrays.Add(Padded(layer.offsets))};
}

}  // namespace

std::string EncodePacked(const PackedNetwork& network) {
  const auto layers = static_cast<uint32_t>(network.layers.size());
  Arrays arrays(kHeadBytes + layers * kRecordBytes);
  ByteWriter records;
  for (const PackedLayer& layer : network.layers) {
    const uint32_t weights = AddWeights(layer, arrays);
    const auto [first, second] = AddActivation(layer, arrays);
    for (uint32_t number :
         {static_cast<uint32_t>(layer.product), static_cast<uint32_t>(layer.activation),
          layer.in_height, layer.in_width, layer.in_channels, layer.kernel_height,
          layer.kernel_width, layer.stride, layer.outputs, layer.shift, weights, first, second, 0u,
          0u, 0u}) {
      records.U32(number);
    }
  }
  ByteWriter checked;  // from byte 16 on
  for (uint32_t number : {layers, static_cast<uint32_t>(network.input_is_float), network.height,
                          network.width, network.channels, network.actions}) {
    checked.U32(number);
  }
  checked.F64(network.value_scale);
  for (int i = 0; i < 4; ++i) checked.U32(0);
  const std::string rest = checked.Take() + records.Take() + arrays.bytes();

  ByteWriter file;
  file.Raw("DQNDPKD\x01", 8);
  file.U32(static_cast<uint32_t>(16 + rest.size()));
  file.U32(static_cast<uint32_t>(
      ::crc32(0, reinterpret_cast<const Bytef*>(rest.data()), static_cast<uInt>(rest.size()))));
  return file.Take() + rest;
}

PackedFile::PackedFile(const std::string& bytes, const std::string& source)
    : file_(bytes.size() / 8 + 1) {
  std::memcpy(file_.data(), bytes.data(), bytes.size());
  const packed_net_status status = packed_net_open(file_.data(), bytes.size(), &net_);
  if (status != PACKED_NET_OK) {
    throw std::runtime_error(source + ": " + packed_net_status_text(status));
  }
  scratch_.resize(packed_net_scratch_bytes(&net_) / 8);
}

}  // namespace dqnd
