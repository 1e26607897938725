#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <span>
#include <stdexcept>

#include "base/bytes.h"

namespace dqnd {

// Every MinAtar game plays on 10 rows of 10 columns; row 0 is the top, column 0 the left.
inline constexpr int kMinatarSize = 10;

constexpr bool OnMinatarGrid(int column) {
  return column >= 0 && column < kMinatarSize;
}

// One yes or no for each cell.
class MinatarGrid {
 public:
  using Row = uint16_t;  // bit c is column c
  static constexpr Row kFullRow = (1 << kMinatarSize) - 1;

  bool Test(int row, int column) const { return ((rows_[row] >> column) & 1) != 0; }
  void Set(int row, int column) { rows_[row] |= Row(1 << column); }
  void Clear(int row, int column) { rows_[row] &= Row(~(1 << column)); }

  Row& row(int row) { return rows_[row]; }
  Row row(int row) const { return rows_[row]; }

  int Count() const {
    int count = 0;
    for (const Row row : rows_) count += std::popcount(row);
    return count;
  }

  // The union of all rows: bit c says whether column c has any cell set.
  Row OccupiedColumns() const {
    Row columns = 0;
    for (const Row row : rows_) columns |= row;
    return columns;
  }

  // Everything moves by one cell; what leaves at one edge comes back at the other.
  void RotateUp() { std::rotate(rows_.begin(), rows_.begin() + 1, rows_.end()); }
  void RotateDown() { std::rotate(rows_.begin(), rows_.end() - 1, rows_.end()); }
  void RotateLeft() {
    for (Row& row : rows_) row = Row((row >> 1) | ((row & 1) << (kMinatarSize - 1)));
  }
  void RotateRight() {
    for (Row& row : rows_) row = Row(((row << 1) & kFullRow) | (row >> (kMinatarSize - 1)));
  }

  void Save(ByteWriter& writer) const { writer.Array(std::span<const Row>(rows_)); }

  // Throws std::runtime_error when a row has cells beyond the tenth column.
  void Load(ByteReader& reader) {
    reader.Array(std::span<Row>(rows_));
    for (const Row row : rows_) {
      if (row > kFullRow) throw std::runtime_error("saved game has cells outside of its grid");
    }
  }

 private:
  std::array<Row, kMinatarSize> rows_{};
};

}  // namespace dqnd
