#pragma once

#include <cstdint>

#include "trainer/kernels/products.h"

namespace dqnd {

// What a layer does to its numbers beside multiplying them, number by number. All arrays are dense
// but where a stride is given.

// Rows of a picture or a batch, of `count` numbers each, that begin `stride` numbers apart.
struct Rows {
  int64_t rows, count, stride;
};

// y += bias in each row, and then y = max(y, 0) where it is `rectified`; what is not a number stays
// so.
void AddBias(const Rows& of, const float* bias, bool rectified, float* y);

// dx = 0 where x was cut off.
void CutOff(int64_t count, const float* x, float* dx);
void CutOff(int64_t count, const Bfloat16* x, float* dx);

// sums[i] = rows[0][i] + rows[1][i] + ..., of `count` rows.
void AddRows(const float* rows, int64_t count, int64_t width, float* sums);

// to += numbers
void Add(const float* numbers, int64_t count, float* to);

}  // namespace dqnd
