// Each kind of loop that the processor can run, whichever of them it would take.

#include "trainer/kernels/products.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "base/random_stream.h"
#include "trainer/kernels/loops.h"

namespace dqnd {
namespace {

std::vector<float> Numbers(int64_t count, uint64_t seed) {
  RandomStream random(seed, "numbers");
  std::vector<float> numbers(count);
  for (float& number : numbers) number = static_cast<float>(2 * random.Uniform() - 1);
  return numbers;
}

// By how much two orders of additions of `terms` products below 1 differ at most, in practice.
double Tolerance(int64_t terms) {
  return 1e-6 * std::sqrt(static_cast<double>(terms)) + 1e-7;
}

struct Size {
  int64_t rows, columns, runs, length;
};

// Whole and partial vectors and tiles of every width.
const Size kSizes[] = {{1, 1, 1, 1},    {6, 64, 1, 40},  {7, 65, 2, 9},   {13, 16, 3, 12},
                       {20, 32, 8, 32}, {32, 4, 1, 128}, {5, 120, 1, 84}, {12, 47, 1, 3},
                       {25, 200, 2, 5}, {3, 15, 1, 600}, {2, 6, 1, 1030}, {4, 31, 1, 513}};

class Products : public testing::TestWithParam<Loops> {
 protected:
  void Compute(const ProductSum<float>& sum) { GetParam().sum(sum); }
  void Compute(const RowProducts<float>& products) { GetParam().products(products); }
  void Compute(const ProductSum<Bfloat16>& sum) { GetParam().bfloat16_sum(sum); }
  void Compute(const RowProducts<Bfloat16>& products) { GetParam().bfloat16_products(products); }
  std::vector<Bfloat16> Round(const std::vector<float>& numbers) {
    std::vector<Bfloat16> rounded(numbers.size());
    GetParam().round(numbers.data(), static_cast<int64_t>(numbers.size()), rounded.data());
    return rounded;
  }
};

INSTANTIATE_TEST_SUITE_P(Loops, Products, testing::ValuesIn(LoopsOfThisProcessor()),
                         [](const auto& info) { return std::string(info.param.processor); });

TEST_P(Products, AProductSumIsWhatItsFormulaSays) {
  for (const bool adds : {false, true}) {
    for (const Size& size : kSizes) {
      const int64_t terms = size.runs * size.length;
      // Rows of a overlap, as those of a convolution do.
      const int64_t a_row = 2, a_run = size.length + size.rows * 2;
      const std::vector<float> a = Numbers(a_run * size.runs + size.rows * a_row, 1);
      const std::vector<float> b = Numbers(terms * (size.columns + 3), 2);
      const std::vector<float> before = Numbers(size.rows * (size.columns + 5), 3);
      std::vector<float> c = before;
      Compute(ProductSum<float>{.rows = size.rows,
                                .columns = size.columns,
                                .runs = size.runs,
                                .steps = size.length,
                                .a = a.data(),
                                .a_row = a_row,
                                .a_run = a_run,
                                .b = b.data(),
                                .b_run = size.length * (size.columns + 3),
                                .b_term = size.columns + 3,
                                .c = c.data(),
                                .c_row = size.columns + 5,
                                .adds = adds});
      for (int64_t i = 0; i < size.rows; ++i) {
        for (int64_t j = 0; j < size.columns + 5; ++j) {
          const int64_t at = i * (size.columns + 5) + j;
          if (j >= size.columns) {
            ASSERT_EQ(c[at], before[at]) << "what lies between the rows of c is not its";
            continue;
          }
          double sum = adds ? before[at] : 0;
          for (int64_t r = 0; r < size.runs; ++r) {
            for (int64_t l = 0; l < size.length; ++l) {
              sum += static_cast<double>(a[i * a_row + r * a_run + l]) *
                     b[(r * size.length + l) * (size.columns + 3) + j];
            }
          }
          ASSERT_NEAR(c[at], sum, Tolerance(terms)) << size.rows << "x" << size.columns;
        }
      }
    }
  }
}

TEST_P(Products, RowProductsAreWhatTheirFormulaSays) {
  for (const Size& size : kSizes) {
    const int64_t a_row = size.length + 1, b_row = size.length + 2;
    const std::vector<float> a = Numbers(size.rows * a_row, 1),
                             b = Numbers(size.columns * b_row, 2);
    std::vector<float> c(size.rows * size.columns, 7);
    Compute(RowProducts<float>{.rows = size.rows,
                               .columns = size.columns,
                               .length = size.length,
                               .a = a.data(),
                               .a_row = a_row,
                               .b = b.data(),
                               .b_row = b_row,
                               .c = c.data(),
                               .c_row = size.columns});
    for (int64_t i = 0; i < size.rows; ++i) {
      for (int64_t j = 0; j < size.columns; ++j) {
        double sum = 0;
        for (int64_t l = 0; l < size.length; ++l) {
          sum += static_cast<double>(a[i * a_row + l]) * b[j * b_row + l];
        }
        ASSERT_NEAR(c[i * size.columns + j], sum, Tolerance(size.length));
      }
    }
  }
}

TEST_P(Products, ATranspositionMovesEveryNumberAndNothingElse) {
  for (const auto& [rows, columns] : {std::pair{1, 1}, {16, 16}, {32, 48}, {19, 37}, {3, 100}}) {
    const int64_t from_row = columns + 2, to_row = rows + 3;
    const std::vector<float> from = Numbers(rows * from_row, 1);
    std::vector<float> to(columns * to_row, 7);
    GetParam().transpose({.rows = rows,
                          .columns = columns,
                          .from = from.data(),
                          .from_row = from_row,
                          .to = to.data(),
                          .to_row = to_row});
    for (int64_t c = 0; c < columns; ++c) {
      for (int64_t r = 0; r < to_row; ++r) {
        ASSERT_EQ(to[c * to_row + r], r < rows ? from[r * from_row + c] : 7.0f);
      }
    }
  }
}

// What the division of work between threads rests on.
TEST_P(Products, ANumberIsTheSameHoweverTheOthersAreDivided) {
  constexpr int64_t kRows = 32, kColumns = 100, kLength = 700;
  std::vector<float> sums(kRows * kColumns), parts = sums;
  const auto compare = [&](const auto& compute) {
    compute(0, kRows, 0, kColumns, sums.data());
    for (int64_t row = 0; row < kRows; row += 5) {
      for (int64_t column = 0; column < kColumns; column += 7) {
        compute(row, std::min<int64_t>(5, kRows - row), column,
                std::min<int64_t>(7, kColumns - column), parts.data());
      }
    }
    EXPECT_EQ(sums, parts);
  };
  const auto compare_both = [&]<typename Number>(const std::vector<Number>& a,
                                                 const std::vector<Number>& b) {
    compare([&](int64_t row, int64_t rows, int64_t column, int64_t columns, float* to) {
      Compute(ProductSum<Number>{.rows = rows,
                                 .columns = columns,
                                 .steps = kLength / kTerms<Number>,
                                 .a = a.data() + row * kLength,
                                 .a_row = kLength,
                                 .b = b.data() + column,
                                 .b_term = kColumns,
                                 .c = to + row * kColumns + column,
                                 .c_row = kColumns});
    });
    compare([&](int64_t row, int64_t rows, int64_t column, int64_t columns, float* to) {
      Compute(RowProducts<Number>{.rows = rows,
                                  .columns = columns,
                                  .length = kLength,
                                  .a = a.data() + row * kLength,
                                  .a_row = kLength,
                                  .b = b.data() + column * kLength,
                                  .b_row = kLength,
                                  .c = to + row * kColumns + column,
                                  .c_row = kColumns});
    });
  };
  const std::vector<float> a = Numbers(kRows * kLength, 1), b = Numbers(kColumns * kLength, 2);
  compare_both(a, b);
  compare_both(Round(a), Round(b));
}

TEST_P(Products, WhatIsNotANumberStaysSo) {
  const float a[] = {1, NAN}, b[] = {1, 0};
  float c = 0;
  Compute(
      ProductSum<float>{.rows = 1, .columns = 1, .steps = 2, .a = a, .b = b, .b_term = 1, .c = &c});
  EXPECT_TRUE(std::isnan(c));
  c = 0;
  Compute(RowProducts<float>{.rows = 1, .columns = 1, .length = 2, .a = a, .b = b, .c = &c});
  EXPECT_TRUE(std::isnan(c));
}

// Rounded to the nearest bfloat16, ties to even, by the bits.
float Rounded(float x) {
  const auto bits = std::bit_cast<uint32_t>(x);
  return std::bit_cast<float>((bits + 0x7fff + ((bits >> 16) & 1)) & 0xffff0000u);
}

float ToFloat(Bfloat16 x) {
  return std::bit_cast<float>(uint32_t{x.bits} << 16);
}

TEST_P(Products, RoundingGoesToTheNearestAndTiesToEven) {
  std::vector<float> numbers = Numbers(1000, 1);
  numbers.insert(numbers.end(), {0.0f, 1.0f, -1.0f, 0x1.01p0f, 0x1.03p0f, 0x1.010002p0f, 1e30f});
  for (const size_t count : {size_t{1}, size_t{31}, size_t{33}, numbers.size()}) {
    std::vector<Bfloat16> rounded(count + 1, Bfloat16{7});
    GetParam().round(numbers.data(), static_cast<int64_t>(count), rounded.data());
    for (size_t i = 0; i < count; ++i) ASSERT_EQ(ToFloat(rounded[i]), Rounded(numbers[i]));
    EXPECT_EQ(rounded[count].bits, 7) << "beyond the last number";
  }
  EXPECT_TRUE(std::isnan(ToFloat(Round({std::bit_cast<float>(0x7f800001u)})[0])));
  EXPECT_EQ(Round({-1e-39f})[0].bits, 0x8000) << "a denormal number is 0";
}

TEST_P(Products, RowsAreRoundedInPairsAndAMissingOneIsZero) {
  constexpr int64_t kRows = 5, kWidth = 37;
  const std::vector<float> rows = Numbers(kRows * kWidth, 2);
  std::vector<Bfloat16> pairs(6 * kWidth + 1, Bfloat16{7});
  GetParam().round_in_pairs(rows.data(), kRows, kWidth, pairs.data());
  for (int64_t row = 0; row < 6; ++row) {
    for (int64_t i = 0; i < kWidth; ++i) {
      const float expected = row < kRows ? Rounded(rows[row * kWidth + i]) : 0;
      ASSERT_EQ(ToFloat(pairs[(row / 2 * kWidth + i) * 2 + row % 2]), expected);
    }
  }
  EXPECT_EQ(pairs.back().bits, 7);
}

TEST_P(Products, AProductSumOfBfloat16IsWhatItsFormulaSays) {
  for (const bool adds : {false, true}) {
    for (const Size& size : kSizes) {
      const int64_t terms = size.length + size.length % 2, b_row = size.columns + 3;
      const int64_t a_row = terms + 4, a_run = size.rows * a_row;
      const std::vector<float> a = Numbers(a_run * size.runs, 1),
                               b = Numbers(size.runs * terms * b_row, 2);
      const std::vector<Bfloat16> rounded_a = Round(a), rounded_b = Round(b);
      const std::vector<float> before = Numbers(size.rows * (size.columns + 5), 3);
      std::vector<float> c = before;
      Compute(ProductSum<Bfloat16>{.rows = size.rows,
                                   .columns = size.columns,
                                   .runs = size.runs,
                                   .steps = terms / 2,
                                   .a = rounded_a.data(),
                                   .a_row = a_row,
                                   .a_run = a_run,
                                   .b = rounded_b.data(),
                                   .b_run = terms * b_row,
                                   .b_term = b_row,
                                   .c = c.data(),
                                   .c_row = size.columns + 5,
                                   .adds = adds});
      for (int64_t i = 0; i < size.rows; ++i) {
        for (int64_t j = 0; j < size.columns + 5; ++j) {
          const int64_t at = i * (size.columns + 5) + j;
          double sum = adds || j >= size.columns ? before[at] : 0;
          for (int64_t r = 0; j < size.columns && r < size.runs; ++r) {
            for (int64_t t = 0; t < terms; ++t) {
              sum += static_cast<double>(ToFloat(rounded_a[r * a_run + i * a_row + t])) *
                     ToFloat(rounded_b[(r * terms + t) * b_row + j]);
            }
          }
          ASSERT_NEAR(c[at], sum, Tolerance(size.runs * terms)) << size.rows << "x" << size.columns;
        }
      }
    }
  }
}

TEST_P(Products, RowProductsOfBfloat16AreWhatTheirFormulaSays) {
  for (const Size& size : kSizes) {
    const std::vector<float> a = Numbers(size.rows * size.length, 1);
    const std::vector<float> b = Numbers(size.columns * size.length, 2);
    const std::vector<Bfloat16> rounded_a = Round(a), rounded_b = Round(b);
    std::vector<float> c(size.rows * size.columns, 7);
    Compute(RowProducts<Bfloat16>{.rows = size.rows,
                                  .columns = size.columns,
                                  .length = size.length,
                                  .a = rounded_a.data(),
                                  .a_row = size.length,
                                  .b = rounded_b.data(),
                                  .b_row = size.length,
                                  .c = c.data(),
                                  .c_row = size.columns});
    for (int64_t i = 0; i < size.rows; ++i) {
      for (int64_t j = 0; j < size.columns; ++j) {
        double sum = 0;
        for (int64_t l = 0; l < size.length; ++l) {
          sum += static_cast<double>(ToFloat(rounded_a[i * size.length + l])) *
                 ToFloat(rounded_b[j * size.length + l]);
        }
        ASSERT_NEAR(c[i * size.columns + j], sum, Tolerance(size.length));
      }
    }
  }
}

}  // namespace
}  // namespace dqnd
