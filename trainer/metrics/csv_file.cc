#include "trainer/metrics/csv_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace dqnd {
namespace {

// Opens the file for appending, ending with a whole line: its content must begin with `header`, or
// with a part of it that was all that a power loss left.
std::unique_ptr<WritableFile> OpenAtLastLine(FileSystem& files, const std::filesystem::path& path,
                                             const std::string& header) {
  std::unique_ptr<WritableFile> file = files.OpenForAppend(path);
  const std::string content = files.Read(path);
  const size_t whole_bytes = content.rfind('\n') + 1;  // 0 without any newline
  if (whole_bytes == 0 ? !header.starts_with(content) : !content.starts_with(header)) {
    throw std::runtime_error(fmt::format(
        "{} begins with \"{}\" where this program writes \"{}\"; move the file aside to go on",
        path.string(), std::string_view(content).substr(0, content.find('\n')),
        std::string_view(header).substr(0, header.size() - 1)));
  }
  if (whole_bytes != content.size()) file->Truncate(whole_bytes);
  return file;
}

}  // namespace

CsvFile::CsvFile(FileSystem& files, const std::filesystem::path& path,
                 std::vector<std::string> columns)
    : columns_(std::move(columns)),
      records_(OpenAtLastLine(files, path, fmt::format("{}\n", fmt::join(columns_, ",")))) {
  if (records_.bytes() == 0) records_.Append(fmt::format("{}\n", fmt::join(columns_, ",")));
}

void CsvFile::AddRow(std::span<const Scalar> scalars) {
  std::string line;
  for (const std::string& column : columns_) {
    const auto scalar = std::find_if(scalars.begin(), scalars.end(),
                                     [&](const Scalar& each) { return each.tag == column; });
    if (scalar != scalars.end() && !std::isnan(scalar->value)) {
      line += fmt::format("{}", scalar->value);
    }
    line += ',';
  }
  line.back() = '\n';
  records_.Append(line);
}

}  // namespace dqnd
