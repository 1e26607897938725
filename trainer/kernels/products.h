#pragma once

#include <cstdint>

namespace dqnd {

// The two loops that a network's arithmetic is made of, float32, on one thread. What a sum is
// depends on its terms, their order and the processor alone: not on how many rows and columns are
// computed by one call, so that work may be divided between threads in any way.
//
// Strides are in numbers. Everything that is read must be finite where 0 times it shall be 0.

// c[i][j] = (adds ? c[i][j] : 0) + sum over r < runs, l < length of
//           a[i * a_row + r * a_run + l * a_step] * b[r * b_run + l * b_step + j]
struct ProductSum {
  int64_t rows = 0, columns = 0;  // of c
  int64_t runs = 1, length = 0;   // of the sum
  const float* a = nullptr;
  int64_t a_row = 0, a_run = 0, a_step = 1;
  const float* b = nullptr;
  int64_t b_run = 0, b_step = 0;
  float* c = nullptr;
  int64_t c_row = 0;
  bool adds = false;
};
void Compute(const ProductSum& sum);

// c[i][j] = sum over l < length of a[i * a_row + l] * b[j * b_row + l]
struct RowProducts {
  int64_t rows = 0, columns = 0;  // of c
  int64_t length = 0;
  const float* a = nullptr;
  int64_t a_row = 0;
  const float* b = nullptr;
  int64_t b_row = 0;
  float* c = nullptr;
  int64_t c_row = 0;
};
void Compute(const RowProducts& products);

}  // namespace dqnd
