#pragma once

#include <cstdint>

namespace dqnd {

// The loops that a network's arithmetic is made of, on one thread. Terms are float32 or
// bfloat16 (the upper half of a float32; Kalamkar et al., "A Study of BFLOAT16 for Deep Learning
// Training", 2019), sums are float32. What a sum is depends on its terms, their order and the
// processor alone: not on how many rows and columns are computed by one call, so that work may be
// divided between threads in any way.
//
// Strides are in numbers. What is multiplied by 0 must be finite for the product to be 0.

struct Bfloat16 {
  uint16_t bits;
};

// Processors multiply pairs of bfloat16: a step of a sum has so many terms.
template <typename Number>
inline constexpr int64_t kTerms = 1;
template <>
inline constexpr int64_t kTerms<Bfloat16> = 2;

// c[i][j] = (adds ? c[i][j] : 0) + sum over r < runs, s < steps, t < kTerms of
//   a[i * a_row + r * a_run + s * a_step + t] * b[r * b_run + (s * kTerms + t) * b_term + j]
template <typename Number>
struct ProductSum {
  int64_t rows = 0, columns = 0;  // of c
  int64_t runs = 1, steps = 0;    // of the sum
  const Number* a = nullptr;
  int64_t a_row = 0, a_run = 0, a_step = kTerms<Number>;
  const Number* b = nullptr;
  int64_t b_run = 0, b_term = 0;
  float* c = nullptr;
  int64_t c_row = 0;
  bool adds = false;
};
void Compute(const ProductSum<float>& sum);

// c[i][j] = sum over l < length of a[i * a_row + l] * b[j * b_row + l]
template <typename Number>
struct RowProducts {
  int64_t rows = 0, columns = 0;  // of c
  int64_t length = 0;
  const Number* a = nullptr;
  int64_t a_row = 0;
  const Number* b = nullptr;
  int64_t b_row = 0;
  float* c = nullptr;
  int64_t c_row = 0;
};
void Compute(const RowProducts<float>& products);

// to[c * to_row + r] = from[r * from_row + c]
struct Transposition {
  int64_t rows = 0, columns = 0;  // of from
  const float* from = nullptr;
  int64_t from_row = 0;
  float* to = nullptr;
  int64_t to_row = 0;
};
void Compute(const Transposition& transposition);

// Whether this processor multiplies bfloat16 (AVX512_BF16). Without it terms become float32 on
// their way to a product, which costs more than is gained: good for going on with a run elsewhere.
bool MultipliesBfloat16();

void Compute(const ProductSum<Bfloat16>& sum);
void Compute(const RowProducts<Bfloat16>& products);

// Rounds to the nearest, ties to even; numbers below 1e-38 become 0.
void Round(const float* from, int64_t count, Bfloat16* to);

// Rows in pairs, for sums over them: [rows, width] -> [ceil(rows / 2), width, 2]; a row that is
// missing is 0.
void RoundInPairs(const float* from, int64_t rows, int64_t width, Bfloat16* to);

}  // namespace dqnd
