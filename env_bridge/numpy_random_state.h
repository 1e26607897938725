#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.h"

namespace dqnd {

// The numbers that NumPy's numpy.random.RandomState(seed) gives, for games that must equal an
// original written on it: the Mersenne Twister MT19937 (Matsumoto and Nishimura, "Mersenne twister:
// a 623-dimensionally equidistributed uniform pseudo-random number generator", 1998), seeded by its
// authors' 2002 linear recurrence as NumPy does for an integer seed. NumPy has frozen these
// streams.
//
// Not safe for use by several threads at once.
class NumpyRandomState {
 public:
  // NumPy takes integer seeds below 2^32, and so does this.
  explicit NumpyRandomState(uint32_t seed) { Seed(seed); }

  // Starts anew, as RandomState.seed(seed).
  void Seed(uint32_t seed);

  // The generator's next 32-bit word.
  uint32_t NextWord();

  // rand(), random_sample(): uniform over the multiples of 2^-53 in [0, 1); draws 2 words.
  double Rand();

  // randint(low, high): uniform over {low, ..., high - 1} by masked rejection; draws 1 word and,
  // for each that is too large, another; none at all when there is only one candidate. REQUIRES:
  // low < high, high - low <= 2^32.
  int64_t RandInt(int64_t low, int64_t high);

  // The whole state, 2,500 bytes. LoadState throws std::runtime_error when the bytes are no such
  // state; the generator is then unchanged.
  void SaveState(ByteWriter& writer) const;
  void LoadState(ByteReader& reader);

 private:
  static constexpr uint32_t kWords = 624;

  void Refill();

  std::array<uint32_t, kWords> words_;
  uint32_t words_used_ = kWords;  // of words_; at kWords the next draw refills them
};

}  // namespace dqnd
