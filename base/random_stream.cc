#include "base/random_stream.h"

#include <cassert>

#include <xxhash.h>

namespace dqnd {
namespace {

// Multipliers and key increments of Philox4x32, from the paper's reference implementation.
constexpr uint32_t kMultiplier0 = 0xD2511F53, kMultiplier1 = 0xCD9E8D57;
constexpr uint32_t kWeyl0 = 0x9E3779B9, kWeyl1 = 0xBB67AE85;
constexpr int kRounds = 10;

}  // namespace

std::array<uint32_t, 4> Philox4x32(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key) {
  std::array<uint32_t, 4> x = counter;
  for (int round = 0; round < kRounds; ++round) {
    const uint64_t product0 = static_cast<uint64_t>(kMultiplier0) * x[0];
    const uint64_t product1 = static_cast<uint64_t>(kMultiplier1) * x[2];
    x = {static_cast<uint32_t>(product1 >> 32) ^ x[1] ^ key[0], static_cast<uint32_t>(product1),
         static_cast<uint32_t>(product0 >> 32) ^ x[3] ^ key[1], static_cast<uint32_t>(product0)};
    key[0] += kWeyl0;
    key[1] += kWeyl1;
  }
  return x;
}

RandomStream::RandomStream(uint64_t seed, std::string_view name) {
  const uint64_t key = XXH3_64bits_withSeed(name.data(), name.size(), seed);
  key_ = {static_cast<uint32_t>(key), static_cast<uint32_t>(key >> 32)};
}

uint32_t RandomStream::NextWord() {
  const auto word = static_cast<unsigned>(words_drawn_ % 4);
  if (word == 0) FillBlock();
  ++words_drawn_;
  return block_[word];
}

uint64_t RandomStream::NextUint64() {
  const uint64_t low = NextWord();
  return low | static_cast<uint64_t>(NextWord()) << 32;
}

double RandomStream::Uniform() {
  return static_cast<double>(NextUint64() >> 11) * 0x1p-53;
}

uint32_t RandomStream::Below(uint32_t bound) {
  assert(bound > 0);
  uint64_t product = static_cast<uint64_t>(NextWord()) * bound;
  if (static_cast<uint32_t>(product) < bound) {
    const uint32_t threshold = -bound % bound;  // 2^32 mod bound: the words that would bias
    while (static_cast<uint32_t>(product) < threshold) {
      product = static_cast<uint64_t>(NextWord()) * bound;
    }
  }
  return static_cast<uint32_t>(product >> 32);
}

void RandomStream::Seek(uint64_t words_drawn) {
  words_drawn_ = words_drawn;
  if (words_drawn % 4 != 0) FillBlock();
}

void RandomStream::FillBlock() {
  const uint64_t counter = words_drawn_ / 4;
  block_ = Philox4x32({static_cast<uint32_t>(counter), static_cast<uint32_t>(counter >> 32), 0, 0},
                      key_);
}

}  // namespace dqnd
