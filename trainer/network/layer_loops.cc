#include "trainer/network/layer_loops.h"

#include "base/vectorized.h"

namespace dqnd {

DQND_VECTORIZED
void AddBias(const Rows& of, const float* bias, bool rectified, float* y) {
  for (int64_t row = 0; row < of.rows; ++row, y += of.stride) {
    if (rectified) {
      for (int64_t i = 0; i < of.count; ++i) {
        const float sum = y[i] + bias[i];
        y[i] = sum < 0 ? 0 : sum;
      }
    } else {
      for (int64_t i = 0; i < of.count; ++i) y[i] += bias[i];
    }
  }
}

DQND_VECTORIZED
void CutOff(int64_t count, const float* x, float* dx) {
  for (int64_t i = 0; i < count; ++i) dx[i] = x[i] > 0 ? dx[i] : 0;
}
DQND_VECTORIZED
void CutOff(int64_t count, const Bfloat16* x, float* dx) {
  for (int64_t i = 0; i < count; ++i) dx[i] = static_cast<int16_t>(x[i].bits) > 0 ? dx[i] : 0;
}

DQND_VECTORIZED
void AddRows(const float* rows, int64_t count, int64_t width, float* sums) {
  constexpr int64_t kAtOnce = 16;
  int64_t first = 0;
  for (; first + kAtOnce <= width; first += kAtOnce) {
    float some[kAtOnce] = {};
    for (int64_t row = 0; row < count; ++row) {
      for (int64_t i = 0; i < kAtOnce; ++i) some[i] += rows[row * width + first + i];
    }
    for (int64_t i = 0; i < kAtOnce; ++i) sums[first + i] = some[i];
  }
  for (; first < width; ++first) {
    float sum = 0;
    for (int64_t row = 0; row < count; ++row) sum += rows[row * width + first];
    sums[first] = sum;
  }
}

DQND_VECTORIZED
void Add(const float* numbers, int64_t count, float* to) {
  for (int64_t i = 0; i < count; ++i) to[i] += numbers[i];
}

}  // namespace dqnd
