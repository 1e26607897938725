#include "env_bridge/rpc/private_files.h"

#include <cerrno>
#include <fstream>
#include <sstream>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace dqnd {
namespace {

std::system_error SystemError(const std::string& what) {
  return {errno, std::generic_category(), what};
}

}  // namespace

void MakePrivateFolder(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  if (chmod(folder.c_str(), 0700) != 0) throw SystemError(folder.string());
}

void WritePrivateFile(const std::filesystem::path& path, std::string_view content) {
  const std::filesystem::path temporary = path.string() + ".tmp";
  std::filesystem::remove(temporary);
  const int file = open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) throw SystemError(temporary.string());
  const ssize_t written = write(file, content.data(), content.size());
  const bool ok = written == static_cast<ssize_t>(content.size()) && fsync(file) == 0;
  const auto error = SystemError(temporary.string());
  close(file);
  if (!ok) throw error;
  std::filesystem::rename(temporary, path);
}

std::string ReadIfThere(const std::filesystem::path& path) {
  const std::ifstream file(path, std::ios::binary);
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

std::string Hexadecimal(std::span<const uint8_t> bytes) {
  std::string text;
  for (const uint8_t byte : bytes) text += fmt::format("{:02x}", byte);
  return text;
}

}  // namespace dqnd
