#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/bytes.h"

namespace dqnd {

// Philox4x32-10: the 128-bit block that `counter` has under `key` (Salmon et al., "Parallel random
// numbers: as easy as 1, 2, 3", SC 2011). Lowest word first, as in the authors' Random123.
std::array<uint32_t, 4> Philox4x32(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key);

// A stream of random numbers that is fully named by (seed, name) and whose whole state is how many
// 32-bit words were drawn: Philox4x32-10, keyed by XXH3-64 of the name under the run's seed,
// counting from 0.
//
// Two streams with different names are independent, so a new stream never disturbs an old one, and
// a saved stream continues with the same numbers on any machine. The distributions are ours, since
// the standard library's differ between vendors.
//
// Not safe for use by several threads at once.
class RandomStream {
 public:
  RandomStream(uint64_t seed, std::string_view name);

  // Uniform over all 32-bit values; draws 1 word.
  uint32_t NextWord();

  // Uniform over all 64-bit values, the first word in the low half; draws 2 words.
  uint64_t NextUint64();

  // A seed for a generator of somebody else's: below 2^32, which all of them take. Draws 2 words.
  uint64_t NextSeed() { return NextUint64() & 0xffff'ffff; }

  // Uniform over the multiples of 2^-53 in [0, 1); draws 2 words.
  double Uniform();

  // Uniform over {0, ..., bound - 1} without bias (Lemire, "Fast random integer generation in an
  // interval", 2019); draws 1 word, rarely more. REQUIRES: bound > 0.
  uint32_t Below(uint32_t bound);

  // How many words were drawn since construction: the whole state.
  uint64_t words_drawn() const { return words_drawn_; }

  // Goes on as a stream of the same seed and name that has drawn `words_drawn` words.
  void Seek(uint64_t words_drawn);

  void SaveState(ByteWriter& writer) const { writer.U64(words_drawn_); }
  void LoadState(ByteReader& reader) { Seek(reader.U64()); }

 private:
  void FillBlock();

  std::array<uint32_t, 2> key_;
  std::array<uint32_t, 4> block_{};  // the output block that holds word `words_drawn_`
  uint64_t words_drawn_ = 0;
};

}  // namespace dqnd
