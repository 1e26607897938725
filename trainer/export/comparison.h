#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "env_bridge/environment.h"
#include "trainer/config/config.h"
#include "trainer/export/packed_network.h"
#include "trainer/network/normalisation.h"
#include "trainer/network/q_network.h"

namespace dqnd {

// Plays a network and its packed form side by side, state by state, and counts every difference.
class Comparison {
 public:
  struct FirstBit {  // a sign behind a first layer with rounded sums that is not the same in both
    int64_t state;
    int64_t position;  // of the picture, in row-major order
    int64_t output;
    double distance;  // of the network's sum from where its sign changes
    double bound;     // that rounding allows
  };
  struct Counts {
    int64_t states = 0;
    int64_t sums = 0;               // integer sums of binary products, given equal bits before them
    int64_t sums_differing = 0;     // must be 0
    int64_t first_sums = 0;         // of a first layer whose sums are rounded
    int64_t first_sums_beyond = 0;  // of these, farther apart than rounding allows: must be 0
    int64_t first_signs_differing = 0;
    std::vector<FirstBit> first_bits_differing;  // those within the bound, and a hundred beyond
    // Given equal bits. The bound of a state's value depends on what its last layer sees.
    double largest_value_error = 0;
    double largest_value_bound = 0;
    int64_t values_beyond = 0;  // whose error is beyond its bound, or no number: must be 0
    int64_t actions_differing = 0;
    int64_t actions_behind_bits = 0;  // of these, in states of which a first sign differs
    // Where the network, given the packed one's bits, prefers another action, and not by so little
    // that the bounds of both values explain it: must be 0.
    int64_t actions_unexplained = 0;
  };

  // All must outlive this. `file` is what `exported` was written to.
  Comparison(const QNetwork& network, const NetworkSection& options,
             const ObservationSpec& observation, const PackedExport& exported, PackedFile& file);

  // state: [stack, observation bytes]. Returns the network's own Q(s, .), which holds until the
  // next call.
  std::span<const float> Play(std::span<const uint8_t> state);

  const Counts& counts() const { return counts_; }

  // Whether all that must be equal is, and all else within its bound.
  bool is_sound() const {
    return counts_.sums_differing == 0 && counts_.first_sums_beyond == 0 &&
           counts_.actions_unexplained == 0 && counts_.values_beyond == 0;
  }

 private:
  // The sums of each layer of the packed network, [positions][outputs].
  using Sums = std::vector<std::vector<double>>;

  Sums PlayPacked();
  // How far the first layer's sums of the state in input_ may be apart, [positions][outputs].
  std::vector<double> FirstBounds() const;
  // Compares the first layer's rounded sums, and returns what the network would make of the packed
  // one's: the second layer's input.
  at::Tensor CompareFirst(const at::Tensor& sums, const std::vector<double>& packed);
  void CompareSums(const std::vector<at::Tensor>& sums, const Sums& packed, size_t first_layer);
  // q: the network's values given the packed one's bits, last_input: what its last layer saw.
  void CompareValues(const at::Tensor& q, const at::Tensor& last_input);

  const QNetwork& network_;
  const NetworkSection& options_;
  const ObservationSpec& observation_;
  const PackedExport& exported_;
  PackedFile& file_;
  StateConverter converter_;
  at::Tensor input_;
  std::vector<ChannelNorm> first_norms_;  // behind the first layer
  at::Tensor q_;
  std::vector<int32_t> values_;
  Counts counts_;
};

}  // namespace dqnd
