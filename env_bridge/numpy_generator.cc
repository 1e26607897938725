#include "env_bridge/numpy_generator.h"

#include <array>
#include <bit>

namespace dqnd {
namespace {

constexpr int kPoolWords = 4;
using Pool = std::array<uint32_t, kPoolWords>;

// A hash of 32-bit words whose key changes with each word.
class KeyedHash {
 public:
  constexpr KeyedHash(uint32_t key, uint32_t multiplier) : key_(key), multiplier_(multiplier) {}

  constexpr uint32_t operator()(uint32_t word) {
    word ^= key_;
    key_ *= multiplier_;
    word *= key_;
    return word ^ word >> 16;
  }

 private:
  uint32_t key_;
  uint32_t multiplier_;
};

uint32_t Combine(uint32_t word, uint32_t hashed) {
  const uint32_t mixed = 0xCA01F9DD * word - 0x4973F715 * hashed;
  return mixed ^ mixed >> 16;
}

// SeedSequence(seed): the seed's words, low one first and zeros after them, spread over the pool
// until each word of it depends on each.
Pool SeedPool(uint64_t seed) {
  KeyedHash hash(0x43B0D7E5, 0x931E8875);
  Pool pool = {static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32), 0, 0};
  for (uint32_t& word : pool) word = hash(word);
  for (int from = 0; from < kPoolWords; ++from) {
    for (int to = 0; to < kPoolWords; ++to) {
      if (to != from) pool[to] = Combine(pool[to], hash(pool[from]));
    }
  }
  return pool;
}

// SeedSequence.generate_state(4, np.uint64).
std::array<uint64_t, 4> GenerateState(const Pool& pool) {
  KeyedHash hash(0x8B51F9DD, 0x58F38DED);
  std::array<uint64_t, 4> state;
  for (int i = 0; i < 4; ++i) {
    const uint64_t low = hash(pool[2 * i % kPoolWords]);
    state[i] = low | static_cast<uint64_t>(hash(pool[(2 * i + 1) % kPoolWords])) << 32;
  }
  return state;
}

}  // namespace

NumpyGenerator::NumpyGenerator(uint64_t seed) {
  const std::array<uint64_t, 4> words = GenerateState(SeedPool(seed));
  const Uint128 start = static_cast<Uint128>(words[0]) << 64 | words[1];
  const Uint128 sequence = static_cast<Uint128>(words[2]) << 64 | words[3];
  increment_ = sequence << 1 | 1;
  Advance();
  state_ += start;
  Advance();
}

void NumpyGenerator::Advance() {
  constexpr Uint128 kMultiplier =
      static_cast<Uint128>(0x2360ED051FC65DA4) << 64 | 0x4385DF649FCCF645;
  state_ = state_ * kMultiplier + increment_;
}

uint64_t NumpyGenerator::NextUint64() {
  Advance();
  const auto folded = static_cast<uint64_t>(state_ >> 64) ^ static_cast<uint64_t>(state_);
  return std::rotr(folded, static_cast<int>(state_ >> 122));
}

double NumpyGenerator::Random() {
  return static_cast<double>(NextUint64() >> 11) * 0x1p-53;
}

double NumpyGenerator::Uniform(double low, double high) {
  return low + (high - low) * Random();
}

void NumpyGenerator::Uniform(double low, double high, std::span<double> values) {
  for (double& value : values) value = Uniform(low, high);
}

void NumpyGenerator::SaveState(ByteWriter& writer) const {
  for (const Uint128 number : {state_, increment_}) {
    writer.U64(static_cast<uint64_t>(number >> 64));
    writer.U64(static_cast<uint64_t>(number));
  }
}

void NumpyGenerator::LoadState(ByteReader& reader) {
  for (Uint128* number : {&state_, &increment_}) {
    const uint64_t high = reader.U64();
    *number = static_cast<Uint128>(high) << 64 | reader.U64();
  }
}

}  // namespace dqnd
