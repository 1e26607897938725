#include "env_bridge/numpy_random_state.h"

#include <bit>
#include <cassert>
#include <cstring>
#include <limits>
#include <span>
#include <stdexcept>
#include <string>

namespace dqnd {
namespace {

// MT19937's parameters, named as in the paper.
constexpr uint32_t kMiddleWord = 397;
constexpr uint32_t kTwistMatrix = 0x9908B0DF;
constexpr uint32_t kUpperBit = 0x80000000;
constexpr uint32_t kSeedMultiplier = 1812433253;

uint32_t Twist(uint32_t word, uint32_t next_word, uint32_t middle_word) {
  const uint32_t joined = (word & kUpperBit) | (next_word & ~kUpperBit);
  return middle_word ^ (joined >> 1) ^ ((joined & 1) != 0 ? kTwistMatrix : 0);
}

}  // namespace

void NumpyRandomState::Seed(uint32_t seed) {
  words_[0] = seed;
  for (uint32_t i = 1; i < kWords; ++i) {
    words_[i] = kSeedMultiplier * (words_[i - 1] ^ (words_[i - 1] >> 30)) + i;
  }
  words_used_ = kWords;
}

void NumpyRandomState::Refill() {
  for (uint32_t i = 0; i < kWords; ++i) {
    const uint32_t middle = i + kMiddleWord < kWords ? i + kMiddleWord : i + kMiddleWord - kWords;
    words_[i] = Twist(words_[i], words_[i + 1 < kWords ? i + 1 : 0], words_[middle]);
  }
  words_used_ = 0;
}

uint32_t NumpyRandomState::NextWord() {
  if (words_used_ == kWords) Refill();
  uint32_t word = words_[words_used_++];
  word ^= word >> 11;
  word ^= (word << 7) & 0x9D2C5680;
  word ^= (word << 15) & 0xEFC60000;
  return word ^ (word >> 18);
}

double NumpyRandomState::Rand() {
  const uint64_t high_27_bits = NextWord() >> 5;
  const uint64_t low_26_bits = NextWord() >> 6;
  return static_cast<double>((high_27_bits << 26) | low_26_bits) * 0x1p-53;
}

int64_t NumpyRandomState::RandInt(int64_t low, int64_t high) {
  assert(low < high);
  const uint64_t largest = static_cast<uint64_t>(high) - static_cast<uint64_t>(low) - 1;
  assert(largest <= std::numeric_limits<uint32_t>::max());
  if (largest == 0) return low;
  const uint32_t mask =
      std::numeric_limits<uint32_t>::max() >> std::countl_zero(static_cast<uint32_t>(largest));
  uint32_t candidate = NextWord() & mask;
  while (candidate > largest) candidate = NextWord() & mask;
  return low + candidate;
}

void NumpyRandomState::SaveState(ByteWriter& writer) const {
  writer.Raw(words_.data(), sizeof words_);
  writer.U32(words_used_);
}

void NumpyRandomState::LoadState(ByteReader& reader) {
  const std::string_view words = reader.Raw(sizeof words_);
  const uint32_t words_used = reader.U32();
  if (words_used > kWords) {
    throw std::runtime_error("saved random state has used " + std::to_string(words_used) + " of " +
                             std::to_string(kWords) + " words; the state is damaged");
  }
  std::memcpy(words_.data(), words.data(), words.size());
  words_used_ = words_used;
}

}  // namespace dqnd
