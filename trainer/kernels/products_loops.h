// Included once for each kind of processor that products.cc chooses from, by a source file that is
// compiled for it and names the namespace DQND_PROCESSOR. Nothing in here may be shared with other
// source files: the linker would keep one copy, and it might be one that this processor lacks.

#include <cstdint>
#include <type_traits>
#include <utility>

#ifdef __AVX2__
#include <immintrin.h>
#endif

#include "trainer/kernels/loops.h"
#include "trainer/kernels/products.h"

namespace dqnd::DQND_PROCESSOR {
namespace {

#include "trainer/kernels/vectors.h"

#include "trainer/kernels/lane_sums.h"

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

// Calls tile(std::integral_constant<int, height>, row) for tiles of nearly equal height that make
// up all rows.
template <int kTallest, typename F>
inline void InTiles(int64_t rows, const F& tile) {
  int64_t tiles = (rows + kTallest - 1) / kTallest;
  for (int64_t row = 0; row < rows; --tiles) {
    const int64_t height = (rows - row + tiles - 1) / tiles;
    WithConstant<kTallest>(height, [&](auto constant) { tile(constant, row); });
    row += height;
  }
}

// A tile of c stays in registers while its sums are made: kRows x kVectors of them, beside those
// for what a step multiplies, rows of b and numbers of a.
constexpr int kMostVectors = kRegisters == 32 ? 4 : 2;
constexpr int kMostRows = 12;
template <typename Term>
constexpr int RowsFor(int vectors) {
  constexpr int kOfStep =
      sizeof(RowsAt(static_cast<const Term*>(nullptr), 0, AllLanes{})) / kVectorBytes;
  const int rows = (kRegisters - kOfStep - kOfStep * vectors) / vectors;
  return rows < kMostRows ? rows : kMostRows;
}

// One tile. `last`: the lanes of its last vector that count; kLanes unless it is partial.
template <int kRows, int kVectors, bool kPartial, typename Term>
void Tile(const ProductSum<Term>& sum, const Term* a, const Term* b, float* c, int64_t last) {
  const auto lanes_of = [last](int v) {
    return [last, v](const auto* from) {
      return kPartial && v == kVectors - 1 ? LoadSome(from, last) : Load(from);
    };
  };
  Vector tile[kRows][kVectors];
  DQND_UNROLLED
  for (int i = 0; i < kRows; ++i) {
    DQND_UNROLLED
    for (int v = 0; v < kVectors; ++v) {
      tile[i][v] = sum.adds ? lanes_of(v)(c + i * sum.c_row + v * kLanes) : Vector{};
    }
  }
  for (int64_t r = 0; r < sum.runs; ++r) {
    const Term* step_a = a + r * sum.a_run;
    const Term* step_b = b + r * sum.b_run;
    for (int64_t s = 0; s < sum.steps; ++s) {
      decltype(RowsAt(b, 0, lanes_of(0))) rows[kVectors];
      DQND_UNROLLED
      for (int v = 0; v < kVectors; ++v) {
        rows[v] = RowsAt(step_b + v * kLanes, sum.b_term, lanes_of(v));
      }
      DQND_UNROLLED
      for (int i = 0; i < kRows; ++i) {
        const auto terms = TermsAt(step_a + i * sum.a_row);
        DQND_UNROLLED
        for (int v = 0; v < kVectors; ++v) AddProducts(tile[i][v], terms, rows[v]);
      }
      step_a += sum.a_step;
      step_b += kTerms<Term> * sum.b_term;
    }
  }
  DQND_UNROLLED
  for (int i = 0; i < kRows; ++i) {
    DQND_UNROLLED
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

// All rows of a strip of columns.
template <int kVectors, bool kPartial, typename Term>
void Strip(const ProductSum<Term>& sum, int64_t column, int64_t last) {
  InTiles<RowsFor<Term>(kVectors)>(sum.rows, [&](auto height, int64_t row) {
    Tile<height, kVectors, kPartial>(sum, sum.a + row * sum.a_row, sum.b + column,
                                     sum.c + row * sum.c_row + column, last);
  });
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

// So many bytes of a row are multiplied with many others before the next are: the second-level
// cache would otherwise be read once for every few columns.
constexpr int64_t kPartBytes = 2048;

// A tile of `columns` (at most 4) columns; c has a part of each sum already unless `first`.
template <int kRows, typename Term>
void RowTile(const RowProducts<Term>& products, const Term* a, const Term* b, float* c,
             int64_t columns, int64_t length, bool first) {
  constexpr int kColumns = 4;
  // Of the columns that are not there, the last one is computed once more.
  const Term* b_rows[kColumns];
  DQND_UNROLLED
  for (int j = 0; j < kColumns; ++j) {
    b_rows[j] = b + (j < columns ? j : columns - 1) * products.b_row;
  }
  Vector tile[kRows][kColumns];
  DQND_UNROLLED
  for (int i = 0; i < kRows; ++i) {
    DQND_UNROLLED
    for (int j = 0; j < kColumns; ++j) tile[i][j] = Vector{};
  }
  const auto step = [&](const auto& load) {
    decltype(load(b)) row[kColumns];
    DQND_UNROLLED
    for (int j = 0; j < kColumns; ++j) row[j] = load(b_rows[j]);
    DQND_UNROLLED
    for (int i = 0; i < kRows; ++i) {
      const auto terms = load(a + i * products.a_row);
      DQND_UNROLLED
      for (int j = 0; j < kColumns; ++j) AddProducts(tile[i][j], terms, row[j]);
    }
  };
  int64_t l = 0;
  for (; l + kAtOnce<Term> <= length; l += kAtOnce<Term>) {
    step([l](const Term* from) { return TermsOfRow(from + l); });
  }
  if (l < length) {
    step([l, length](const Term* from) { return SomeTermsOfRow(from + l, length - l); });
  }
  DQND_UNROLLED
  for (int i = 0; i < kRows; ++i) {
    const Four sums = SumsOf(tile[i][0], tile[i][1], tile[i][2], tile[i][3]);
    float* to = c + i * products.c_row;
    for (int j = 0; j < kColumns && j < columns; ++j) to[j] = first ? sums[j] : to[j] + sums[j];
  }
}

template <typename Term>
void Products(const RowProducts<Term>& products) {
  constexpr int kTallest = kRegisters == 32 ? 6 : 2;
  constexpr int64_t kPart = kPartBytes / sizeof(Term);
  for (int64_t part = 0; part < products.length; part += kPart) {
    const int64_t length = products.length - part < kPart ? products.length - part : kPart;
    for (int64_t column = 0; column < products.columns; column += 4) {
      const int64_t columns = products.columns - column < 4 ? products.columns - column : 4;
      InTiles<kTallest>(products.rows, [&](auto height, int64_t row) {
        RowTile<height>(products, products.a + row * products.a_row + part,
                        products.b + column * products.b_row + part,
                        products.c + row * products.c_row + column, columns, length, part == 0);
      });
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

void Round(const float* from, int64_t count, Bfloat16* to) {
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) Store(to + i, Rounded(Load(from + i)));
  if (i < count) StoreSome(to + i, Rounded(LoadSome(from + i, count - i)), count - i);
}

void RoundInPairs(const float* from, int64_t rows, int64_t width, Bfloat16* to) {
  for (int64_t row = 0; row < rows; row += 2, from += 2 * width, to += 2 * width) {
    const bool is_last = row + 1 == rows;
    int64_t i = 0;
    for (; i + kLanes <= width; i += kLanes) {
      Store(to + 2 * i,
            InPairs(Rounded(Load(from + i)), Rounded(is_last ? Vector{} : Load(from + width + i))));
    }
    if (const int64_t left = width - i; left > 0) {
      const Vector odd = is_last ? Vector{} : LoadSome(from + width + i, left);
      StoreSome(to + 2 * i, InPairs(Rounded(LoadSome(from + i, left)), Rounded(odd)), 2 * left);
    }
  }
}

}  // namespace

// The name DQND_PROCESSOR as text.
#define DQND_TEXT_OF(name) #name
#define DQND_TEXT(name) DQND_TEXT_OF(name)
extern const Loops kLoops = {
    DQND_TEXT(DQND_PROCESSOR), Sum, Products, Transpose, Sum, Products, Round, RoundInPairs};

}  // namespace dqnd::DQND_PROCESSOR
