#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/file_system.h"
#include "trainer/metrics/record_file.h"
#include "trainer/metrics/scalar.h"

namespace dqnd {

// A CSV file with a fixed list of columns: a header line, then one line a row. Numbers are written
// with the fewest digits that read back to the same double; a cell without a value is empty.
//
// Each row is one record: what becomes of it when the disk is full is said at RecordFile. Owned by
// one thread.
class CsvFile {
 public:
  // Creates the file, or goes on with the one that is there: a last line that was cut short by a
  // power loss is removed. Throws std::runtime_error when that file has other columns. REQUIRES:
  // no column name holds a comma, a quote or a newline.
  CsvFile(FileSystem& files, const std::filesystem::path& path, std::vector<std::string> columns);

  // One row. A column that no scalar names, or whose value is NaN, stays empty; a scalar that names
  // no column is left out.
  void AddRow(std::span<const Scalar> scalars);

  RecordFile& records() { return records_; }
  const RecordFile& records() const { return records_; }

 private:
  const std::vector<std::string> columns_;
  RecordFile records_;
};

}  // namespace dqnd
