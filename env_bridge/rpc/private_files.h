#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace dqnd {

// Files with secrets, which nobody but their owner may read. Errors are std::system_error.

// Makes the folder and those above it; it has mode 0700 then.
void MakePrivateFolder(const std::filesystem::path& folder);

// Writes a file of mode 0600, which is never readable by others, nor half written.
void WritePrivateFile(const std::filesystem::path& path, std::string_view content);

// The content of a file; empty when it is not there or may not be read.
std::string ReadIfThere(const std::filesystem::path& path);

std::string Hexadecimal(std::span<const uint8_t> bytes);

}  // namespace dqnd
