#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "packed_net/packed_net.h"

namespace dqnd {

// A packed network before it is laid out: numbers in their natural order. Sizes and meanings are
// those of packed_net_layer (packed_net/packed_net.h).
struct PackedLayer {
  packed_net_product product = PACKED_NET_BITS_BITS;
  packed_net_activation activation = PACKED_NET_SIGN;
  uint32_t in_height = 1, in_width = 1, in_channels = 1;
  uint32_t kernel_height = 1, kernel_width = 1, stride = 1;
  uint32_t outputs = 1;
  uint32_t shift = 0;

  // [outputs][fan_in], the fan-in in the order row, column, channel. Where the product has bits for
  // weights, numbers whose sign counts (+1 for 0); otherwise 16-bit integers or, in front of float
  // sums, any floats.
  std::vector<float> weights = {};
  std::vector<float> bias = {};  // [outputs], of float sums alone

  // [outputs], those that the activation needs.
  std::vector<int32_t> thresholds = {};
  std::vector<float> real_thresholds = {};  // behind float sums
  std::vector<bool> flips = {};
  std::vector<int64_t> factors = {}, offsets = {};
  std::vector<float> real_factors = {}, real_offsets = {};  // behind float sums

  uint32_t fan_in() const { return kernel_height * kernel_width * in_channels; }
};

struct PackedNetwork {
  bool input_is_float = false;
  uint32_t height = 1, width = 1, channels = 1;
  uint32_t actions = 1;
  double value_scale = 1;
  std::vector<PackedLayer> layers = {};
};

// The file that packed_net_open reads; docs/formats.md has its bytes.
std::string EncodePacked(const PackedNetwork& network);

// A packed file in memory that packed_net can read: aligned, and open as long as this lives. Throws
// std::runtime_error beginning with `source` when it is damaged or of another version.
class PackedFile {
 public:
  PackedFile(const std::string& bytes, const std::string& source);
  PackedFile(const PackedFile&) = delete;  // net() leads into its own memory
  PackedFile& operator=(const PackedFile&) = delete;

  packed_net& net() { return net_; }
  const packed_net& net() const { return net_; }
  void* scratch() { return scratch_.data(); }

 private:
  std::vector<uint64_t> file_, scratch_;
  packed_net net_;
};

}  // namespace dqnd
