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
// Each row reaches the operating system before AddRow returns; what a failed write leaves behind is
// said at RecordFile. Errors are std::system_error with the path. Owned by one thread.
class CsvFile {
 public:
  // Creates the file, or goes on with the one that is there: a last line that was cut short by a
  // power loss is removed. Throws std::runtime_error when that file has other columns. REQUIRES:
  // no column name holds a comma, a quote or a newline.
  CsvFile(FileSystem& files, const std::filesystem::path& path, std::vector<std::string> columns);

  // One row. A column that no scalar names, or whose value is NaN, stays empty; a scalar that names
  // no column is left out.
  void AddRow(std::span<const Scalar> scalars);

  // Returns once every row so far would survive a power loss (the file's name needs SyncFolder).
  void Sync() { records_.Sync(); }

  // The file's length.
  uint64_t bytes() const { return records_.bytes(); }

 private:
  const std::vector<std::string> columns_;
  RecordFile records_;
};

}  // namespace dqnd
