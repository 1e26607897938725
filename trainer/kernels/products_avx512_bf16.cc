// The loops of products_loops.h with terms in bfloat16, for processors that multiply pairs of them
// (AVX512_BF16). Compiled for such a processor: nothing in here may be shared with other source
// files.

#include <immintrin.h>

#include <cstdint>
#include <type_traits>
#include <utility>

#include "trainer/kernels/loops.h"
#include "trainer/kernels/products.h"

namespace dqnd::avx512_bf16 {
namespace {

constexpr int kLanes = 16;  // float32 sums of a vector, and pairs of terms
using Vector = __m512;

#include "trainer/kernels/lane_sums.h"

__mmask16 First16(int64_t count) {
  return static_cast<__mmask16>(count >= 16 ? 0xffff : (1U << count) - 1);
}
__mmask32 First32(int64_t count) {
  return static_cast<__mmask32>(count >= 32 ? 0xffffffff : (1U << count) - 1);
}

// Of two rows of 32 numbers, the pairs of columns 0 to 15 and 16 to 31.
struct Pairs {
  __m512i low, high;
};
Pairs Interleave(__m512i even, __m512i odd) {
  const __m512i low = _mm512_set_epi16(47, 15, 46, 14, 45, 13, 44, 12, 43, 11, 42, 10, 41, 9, 40, 8,
                                       39, 7, 38, 6, 37, 5, 36, 4, 35, 3, 34, 2, 33, 1, 32, 0);
  const __m512i high = _mm512_add_epi16(low, _mm512_set1_epi16(16));
  return {_mm512_permutex2var_epi16(even, low, odd), _mm512_permutex2var_epi16(even, high, odd)};
}

__m512 AddProducts(__m512 sums, __m512i a, __m512i b) {
  return _mm512_dpbf16_ps(sums, reinterpret_cast<__m512bh>(a), reinterpret_cast<__m512bh>(b));
}

int32_t Pair(const Bfloat16* at) {
  int32_t pair;
  __builtin_memcpy(&pair, at, sizeof pair);
  return pair;
}

constexpr int kMostDoubles = 2;  // vectors of 32 columns in a tile
constexpr int RowsFor(int doubles) {
  return doubles == 2 ? 5 : 11;
}

// One tile of kRows x 32 kDoubles sums, of which `columns` are there.
template <int kRows, int kDoubles>
void Tile(const ProductSum<Bfloat16>& sum, const Bfloat16* a, const Bfloat16* b, float* c,
          int64_t columns) {
  __m512 tile[kRows][2 * kDoubles] = {};
  if (sum.adds) {
    for (int i = 0; i < kRows; ++i) {
      for (int v = 0; v < 2 * kDoubles; ++v) {
        const int64_t left = columns - v * kLanes;
        if (left <= 0) continue;
        tile[i][v] = _mm512_maskz_loadu_ps(First16(left), c + i * sum.c_row + v * kLanes);
      }
    }
  }
  __mmask32 there[kDoubles];
  for (int d = 0; d < kDoubles; ++d) there[d] = First32(columns - 32 * d);
  for (int64_t r = 0; r < sum.runs; ++r) {
    const Bfloat16* step_a = a + r * sum.a_run;
    const Bfloat16* step_b = b + r * sum.b_run;
    for (int64_t s = 0; s < sum.steps; ++s, step_a += sum.a_step, step_b += 2 * sum.b_term) {
      __m512i pairs[2 * kDoubles];
      for (int d = 0; d < kDoubles; ++d) {
        const Pairs both =
            Interleave(_mm512_maskz_loadu_epi16(there[d], step_b + 32 * d),
                       _mm512_maskz_loadu_epi16(there[d], step_b + sum.b_term + 32 * d));
        pairs[2 * d] = both.low;
        pairs[2 * d + 1] = both.high;
      }
      for (int i = 0; i < kRows; ++i) {
        const __m512i pair = _mm512_set1_epi32(Pair(step_a + i * sum.a_row));
        for (int v = 0; v < 2 * kDoubles; ++v) {
          tile[i][v] = AddProducts(tile[i][v], pair, pairs[v]);
        }
      }
    }
  }
  for (int i = 0; i < kRows; ++i) {
    for (int v = 0; v < 2 * kDoubles; ++v) {
      const int64_t left = columns - v * kLanes;
      if (left <= 0) continue;
      _mm512_mask_storeu_ps(c + i * sum.c_row + v * kLanes, First16(left), tile[i][v]);
    }
  }
}

// Calls f(std::integral_constant<int, n>) for an n from 1 to kMost.
template <int kMost, typename F>
void WithConstant(int64_t n, const F& f) {
  if constexpr (kMost > 0) {
    if (n == kMost) {
      f(std::integral_constant<int, kMost>{});
    } else {
      WithConstant<kMost - 1>(n, f);
    }
  }
}

template <int kDoubles>
void Strip(const ProductSum<Bfloat16>& sum, int64_t column, int64_t columns) {
  constexpr int kTallest = RowsFor(kDoubles);
  int64_t tiles = (sum.rows + kTallest - 1) / kTallest;
  for (int64_t row = 0; row < sum.rows; --tiles) {
    const int64_t rows = (sum.rows - row + tiles - 1) / tiles;
    WithConstant<kTallest>(rows, [&](auto height) {
      Tile<height, kDoubles>(sum, sum.a + row * sum.a_row, sum.b + column,
                             sum.c + row * sum.c_row + column, columns);
    });
    row += rows;
  }
}

constexpr int64_t kPart = 1024;

template <int kRows>
void RowTile(const RowProducts<Bfloat16>& products, const Bfloat16* a, const Bfloat16* b, float* c,
             int64_t columns, int64_t length, bool first) {
  constexpr int kColumns = 4;
  // Of the columns that are not there, the last one is computed once more.
  const Bfloat16* b_rows[kColumns];
  for (int j = 0; j < kColumns; ++j) {
    b_rows[j] = b + (j < columns ? j : columns - 1) * products.b_row;
  }
  __m512 tile[kRows][kColumns] = {};
  for (int64_t l = 0; l < length; l += 32) {
    const __mmask32 there = First32(length - l);
    __m512i row[kColumns];
    for (int j = 0; j < kColumns; ++j) row[j] = _mm512_maskz_loadu_epi16(there, b_rows[j] + l);
    for (int i = 0; i < kRows; ++i) {
      const __m512i numbers = _mm512_maskz_loadu_epi16(there, a + i * products.a_row + l);
      for (int j = 0; j < kColumns; ++j) tile[i][j] = AddProducts(tile[i][j], numbers, row[j]);
    }
  }
  for (int i = 0; i < kRows; ++i) {
    float* to = c + i * products.c_row;
    const Four sums = SumsOf(tile[i][0], tile[i][1], tile[i][2], tile[i][3]);
    for (int j = 0; j < kColumns && j < columns; ++j) to[j] = first ? sums[j] : to[j] + sums[j];
  }
}

__m512i RoundHalves(__m512 low, __m512 high) {
  return reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(high, low));
}

void Sum(const ProductSum<Bfloat16>& sum) {
  constexpr int64_t kWidest = kMostDoubles * 32;
  for (int64_t column = 0; column < sum.columns; column += kWidest) {
    const int64_t left = sum.columns - column;
    const int64_t columns = left < kWidest ? left : kWidest;
    WithConstant<kMostDoubles>((columns + 31) / 32,
                               [&](auto doubles) { Strip<doubles>(sum, column, columns); });
  }
}

void Products(const RowProducts<Bfloat16>& products) {
  constexpr int kTallest = 6;
  for (int64_t part = 0; part < products.length; part += kPart) {
    const int64_t length = products.length - part < kPart ? products.length - part : kPart;
    for (int64_t column = 0; column < products.columns; column += 4) {
      const int64_t columns = products.columns - column < 4 ? products.columns - column : 4;
      for (int64_t row = 0; row < products.rows; row += kTallest) {
        const int64_t rows = products.rows - row < kTallest ? products.rows - row : kTallest;
        WithConstant<kTallest>(rows, [&](auto height) {
          RowTile<height>(products, products.a + row * products.a_row + part,
                          products.b + column * products.b_row + part,
                          products.c + row * products.c_row + column, columns, length, part == 0);
        });
      }
    }
  }
}

void Round(const float* from, int64_t count, Bfloat16* to) {
  for (int64_t i = 0; i < count; i += 32) {
    const __m512 low = _mm512_maskz_loadu_ps(First16(count - i), from + i);
    const __m512 high = count - i > kLanes
                            ? _mm512_maskz_loadu_ps(First16(count - i - kLanes), from + i + kLanes)
                            : _mm512_setzero_ps();
    _mm512_mask_storeu_epi16(to + i, First32(count - i), RoundHalves(low, high));
  }
}

void RoundInPairs(const float* from, int64_t rows, int64_t width, Bfloat16* to) {
  for (int64_t row = 0; row < rows; row += 2, from += 2 * width, to += 2 * width) {
    for (int64_t i = 0; i < width; i += kLanes) {
      const __mmask16 there = First16(width - i);
      const __m512 even = _mm512_maskz_loadu_ps(there, from + i);
      const __m512 odd =
          row + 1 < rows ? _mm512_maskz_loadu_ps(there, from + width + i) : _mm512_setzero_ps();
      // Both halves of one vector, then neighbours.
      const __m512i halves = RoundHalves(even, odd);
      const __m512i order =
          _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22,
                           6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
      _mm512_mask_storeu_epi16(to + 2 * i, First32(2 * (width - i)),
                               _mm512_permutexvar_epi16(order, halves));
    }
  }
}

}  // namespace

extern const Bfloat16Loops kBfloat16Loops = {Sum, Products, Round, RoundInPairs};

}  // namespace dqnd::avx512_bf16
