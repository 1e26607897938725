#pragma once

#include <cstdint>
#include <span>

#include "base/bytes.h"

namespace dqnd {

// The numbers of NumPy's np.random.default_rng(seed), which is also what Gymnasium's
// reset(seed=seed) makes: PCG64 (the XSL-RR 128/64 variant of O'Neill, "PCG: A family of simple
// fast space-efficient statistically good algorithms for random number generation", 2014), seeded
// through NumPy's SeedSequence (after O'Neill, "Developing a seed_seq alternative", 2015). For
// environments that must draw what their Python originals draw; everything else uses RandomStream.
//
// Not safe for use by several threads at once.
class NumpyGenerator {
 public:
  explicit NumpyGenerator(uint64_t seed);

  // Generator.bit_generator.random_raw().
  uint64_t NextUint64();

  // Generator.random(): uniform over the multiples of 2^-53 in [0, 1).
  double Random();

  // Generator.uniform(low, high).
  double Uniform(double low, double high);

  // Generator.uniform(low, high, size): fills `values` in order.
  void Uniform(double low, double high, std::span<double> values);

  // LoadState throws std::runtime_error when the bytes end early.
  void SaveState(ByteWriter& writer) const;
  void LoadState(ByteReader& reader);

 private:
  __extension__ typedef unsigned __int128 Uint128;

  void Advance();

  Uint128 state_ = 0;
  Uint128 increment_ = 0;
};

}  // namespace dqnd
