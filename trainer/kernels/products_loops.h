// Included once for each kind of processor that products.cc chooses from, by a source file that is
// compiled for it and names the namespace DQND_PROCESSOR. Nothing in here may be shared with other
// source files: the linker would keep one copy, and it might be one that this processor lacks.

#include <cstdint>
#include <type_traits>
#include <utility>

#ifdef __AVX512F__
#include <immintrin.h>
#endif

#include "trainer/kernels/loops.h"
#include "trainer/kernels/products.h"

namespace dqnd::DQND_PROCESSOR {
namespace {

#if defined(__AVX512F__)
constexpr int kVectorBytes = 64, kRegisters = 32;
#elif defined(__AVX2__)
constexpr int kVectorBytes = 32, kRegisters = 16;
#elif defined(__ARM_NEON)
constexpr int kVectorBytes = 16, kRegisters = 32;
#else
constexpr int kVectorBytes = 16, kRegisters = 16;
#endif
constexpr int kLanes = kVectorBytes / static_cast<int>(sizeof(float));
using Vector [[gnu::vector_size(kVectorBytes)]] = float;

// As float32.
inline float Number(float x) {
  return x;
}
inline float Number(Bfloat16 x) {
  return __builtin_bit_cast(float, uint32_t{x.bits} << 16);
}
inline Vector Load(const float* from) {
  Vector value;
  __builtin_memcpy(&value, from, sizeof value);
  return value;
}
inline Vector Load(const Bfloat16* from) {
  using Bits [[gnu::vector_size(kVectorBytes)]] = uint32_t;
  using Halves [[gnu::vector_size(kVectorBytes / 2)]] = uint16_t;
  Halves halves;
  __builtin_memcpy(&halves, from, sizeof halves);
  return reinterpret_cast<Vector>(__builtin_convertvector(halves, Bits) << 16);
}
inline void Store(float* to, Vector value) {
  __builtin_memcpy(to, &value, sizeof value);
}

// The first `count` lanes; 0 in the others.
inline Vector LoadSome(const float* from, int64_t count) {
#ifdef __AVX512F__
  return _mm512_maskz_loadu_ps(static_cast<__mmask16>((1U << count) - 1), from);
#else
  Vector value{};
  for (int64_t i = 0; i < count; ++i) value[i] = from[i];
  return value;
#endif
}
inline Vector LoadSome(const Bfloat16* from, int64_t count) {
  Vector value{};
  for (int64_t i = 0; i < count; ++i) value[i] = Number(from[i]);
  return value;
}
inline void StoreSome(float* to, Vector value, int64_t count) {
#ifdef __AVX512F__
  _mm512_mask_storeu_ps(to, static_cast<__mmask16>((1U << count) - 1), value);
#else
  for (int64_t i = 0; i < count; ++i) to[i] = value[i];
#endif
}

// A tile of c stays in registers while its sums are made: kRows x kVectors of them, beside those
// for a row of b and one number of a.
constexpr int kMostVectors = kRegisters == 32 ? 4 : 2;
constexpr int kMostRows = 12;
constexpr int RowsFor(int vectors) {
  const int rows = (kRegisters - 1 - vectors) / vectors;
  return rows < kMostRows ? rows : kMostRows;
}

// One tile. `last`: the lanes of its last vector that count; kLanes unless it is partial.
template <int kRows, int kVectors, bool kPartial, typename Term>
void Tile(const ProductSum<Term>& sum, const Term* a, const Term* b, float* c, int64_t last) {
  const auto load = [last](const auto* from, int v) {
    return kPartial && v == kVectors - 1 ? LoadSome(from + v * kLanes, last)
                                         : Load(from + v * kLanes);
  };
  Vector tile[kRows][kVectors] = {};
  if (sum.adds) {
    for (int i = 0; i < kRows; ++i) {
      for (int v = 0; v < kVectors; ++v) tile[i][v] = load(c + i * sum.c_row, v);
    }
  }
  for (int64_t r = 0; r < sum.runs; ++r) {
    const Term* step_a = a + r * sum.a_run;
    const Term* term_b = b + r * sum.b_run;
    for (int64_t s = 0; s < sum.steps; ++s, step_a += sum.a_step) {
      for (int64_t t = 0; t < kTerms<Term>; ++t, term_b += sum.b_term) {
        Vector row[kVectors];
        for (int v = 0; v < kVectors; ++v) row[v] = load(term_b, v);
        for (int i = 0; i < kRows; ++i) {
          const float number = Number(step_a[i * sum.a_row + t]);
          for (int v = 0; v < kVectors; ++v) tile[i][v] += number * row[v];
        }
      }
    }
  }
  for (int i = 0; i < kRows; ++i) {
    for (int v = 0; v < kVectors; ++v) {
      float* to = c + i * sum.c_row + v * kLanes;
      if (kPartial && v == kVectors - 1) {
        StoreSome(to, tile[i][v], last);
      } else {
        Store(to, tile[i][v]);
      }
    }
  }
}

// Calls f(std::integral_constant<int, n>) for an n from 1 to kMost.
template <int kMost, typename F>
inline void WithConstant(int64_t n, const F& f) {
  if constexpr (kMost > 0) {
    if (n == kMost) {
      f(std::integral_constant<int, kMost>{});
    } else {
      WithConstant<kMost - 1>(n, f);
    }
  }
}

// All rows of a strip of columns, in tiles of nearly equal height.
template <int kVectors, bool kPartial, typename Term>
void Strip(const ProductSum<Term>& sum, int64_t column, int64_t last) {
  constexpr int kTallest = RowsFor(kVectors);
  int64_t tiles = (sum.rows + kTallest - 1) / kTallest;
  for (int64_t row = 0; row < sum.rows; --tiles) {
    const int64_t rows = (sum.rows - row + tiles - 1) / tiles;
    WithConstant<kTallest>(rows, [&](auto height) {
      Tile<height, kVectors, kPartial>(sum, sum.a + row * sum.a_row, sum.b + column,
                                       sum.c + row * sum.c_row + column, last);
    });
    row += rows;
  }
}

#include "trainer/kernels/lane_sums.h"

// So much of a row is multiplied with many others before the next part is: the second-level cache
// would otherwise be read once for every few columns.
constexpr int64_t kPart = 512;

// A tile of `columns` (at most 4) columns; c has a part of each sum already unless `first`.
template <int kRows, typename Term>
void RowTile(const RowProducts<Term>& products, const Term* a, const Term* b, float* c,
             int64_t columns, int64_t length, bool first) {
  constexpr int kColumns = 4;
  // Of the columns that are not there, the last one is computed once more.
  const Term* b_rows[kColumns];
  for (int j = 0; j < kColumns; ++j) {
    b_rows[j] = b + (j < columns ? j : columns - 1) * products.b_row;
  }
  Vector tile[kRows][kColumns] = {};
  const auto step = [&](const auto& load) {
    Vector row[kColumns];
    for (int j = 0; j < kColumns; ++j) row[j] = load(b_rows[j]);
    for (int i = 0; i < kRows; ++i) {
      const Vector numbers = load(a + i * products.a_row);
      for (int j = 0; j < kColumns; ++j) tile[i][j] += numbers * row[j];
    }
  };
  int64_t l = 0;
  for (; l + kLanes <= length; l += kLanes) {
    step([l](const Term* from) { return Load(from + l); });
  }
  if (l < length) {
    step([l, length](const Term* from) { return LoadSome(from + l, length - l); });
  }
  for (int i = 0; i < kRows; ++i) {
    const Four sums = SumsOf(tile[i][0], tile[i][1], tile[i][2], tile[i][3]);
    float* to = c + i * products.c_row;
    for (int j = 0; j < kColumns && j < columns; ++j) to[j] = first ? sums[j] : to[j] + sums[j];
  }
}

template <typename Term>
void Sum(const ProductSum<Term>& sum) {
  constexpr int64_t kWidest = int64_t{kMostVectors} * kLanes;
  for (int64_t column = 0; column < sum.columns; column += kWidest) {
    const int64_t left = sum.columns - column;
    const int64_t vectors = left >= kWidest ? kMostVectors : (left + kLanes - 1) / kLanes;
    const int64_t last = left >= kWidest ? kLanes : left - (vectors - 1) * kLanes;
    WithConstant<kMostVectors>(vectors, [&](auto width) {
      if (last == kLanes) {
        Strip<width, false>(sum, column, last);
      } else {
        Strip<width, true>(sum, column, last);
      }
    });
  }
}

template <typename Term>
void Products(const RowProducts<Term>& products) {
  constexpr int kTallest = kRegisters == 32 ? 6 : 2;
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

// A square is transposed when its upper right and lower left quarters have changed places and each
// quarter is transposed: rows i and i + kHalf, [A B] and [C D], become [A C] and [B D].
template <int kHalf, bool kUpper, int... kLane>
inline Vector Changed(Vector upper, Vector lower, std::integer_sequence<int, kLane...>) {
  constexpr int kLower = kLanes;  // the first lane of `lower`, after those of `upper`
  return __builtin_shufflevector(upper, lower,
                                 ((kLane & kHalf) == 0 ? kLane + (kUpper ? 0 : kHalf)
                                                       : kLower + kLane - (kUpper ? kHalf : 0))...);
}
template <int kHalf>
inline void ChangeQuarters(Vector (&rows)[kLanes]) {
  constexpr auto kAll = std::make_integer_sequence<int, kLanes>{};
  for (int i = 0; i < kLanes; ++i) {
    if ((i & kHalf) != 0) continue;
    const Vector upper = rows[i], lower = rows[i + kHalf];
    rows[i] = Changed<kHalf, true>(upper, lower, kAll);
    rows[i + kHalf] = Changed<kHalf, false>(upper, lower, kAll);
  }
  if constexpr (kHalf > 1) ChangeQuarters<kHalf / 2>(rows);
}

// In squares as wide as a vector; what is left of them number by number.
void Transpose(const Transposition& t) {
  for (int64_t row = 0; row < t.rows; row += kLanes) {
    const int64_t rows = t.rows - row < kLanes ? t.rows - row : kLanes;
    for (int64_t column = 0; column < t.columns; column += kLanes) {
      const int64_t columns = t.columns - column < kLanes ? t.columns - column : kLanes;
      const float* from = t.from + row * t.from_row + column;
      float* to = t.to + column * t.to_row + row;
      if (rows == kLanes && columns == kLanes) {
        Vector square[kLanes];
        for (int i = 0; i < kLanes; ++i) square[i] = Load(from + i * t.from_row);
        ChangeQuarters<kLanes / 2>(square);
        for (int i = 0; i < kLanes; ++i) Store(to + i * t.to_row, square[i]);
        continue;
      }
      for (int64_t i = 0; i < columns; ++i) {
        for (int64_t j = 0; j < rows; ++j) to[i * t.to_row + j] = from[j * t.from_row + i];
      }
    }
  }
}

// To the nearest, ties to even, denormal numbers to 0, as VCVTNEPS2BF16 has it.
inline Bfloat16 Rounded(float x) {
  const auto bits = __builtin_bit_cast(uint32_t, x);
  const uint32_t magnitude = bits & 0x7fffffff;
  const uint32_t nearest = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
  const uint32_t nan = bits >> 16 | 0x40, zero = bits >> 16 & 0x8000;
  return {static_cast<uint16_t>(magnitude > 0x7f800000   ? nan
                                : magnitude < 0x00800000 ? zero
                                                         : nearest)};
}

void Round(const float* from, int64_t count, Bfloat16* to) {
  for (int64_t i = 0; i < count; ++i) to[i] = Rounded(from[i]);
}

void RoundInPairs(const float* from, int64_t rows, int64_t width, Bfloat16* to) {
  for (int64_t row = 0; row < rows; row += 2, from += 2 * width, to += 2 * width) {
    for (int64_t i = 0; i < width; ++i) {
      to[2 * i] = Rounded(from[i]);
      to[2 * i + 1] = row + 1 < rows ? Rounded(from[width + i]) : Bfloat16{};
    }
  }
}

}  // namespace

extern const Float32Loops kFloat32Loops = {Sum, Products, Transpose};
extern const Bfloat16Loops kBfloat16Loops = {Sum, Products, Round, RoundInPairs};

}  // namespace dqnd::DQND_PROCESSOR
