#include "trainer/export/packed_header.h"

#include <cctype>
#include <cstdint>
#include <cstring>

#include <fmt/format.h>

#include "trainer/export/packed_file.h"

namespace dqnd {

std::string PackedHeader(const std::string& packed, std::string_view name,
                         std::string_view environment) {
  std::string lower, upper;
  for (const char c : name) {
    const bool is_plain = std::isalnum(static_cast<unsigned char>(c)) != 0;
    lower += is_plain ? static_cast<char>(std::tolower(c)) : '_';
    upper += is_plain ? static_cast<char>(std::toupper(c)) : '_';
  }
  if (lower.empty() || std::isdigit(static_cast<unsigned char>(lower[0])) != 0) {
    lower = "net_" + lower;
    upper = "NET_" + upper;
  }
  const PackedFile file(packed, "the exported network");
  const packed_net& net = file.net();
  std::string text = fmt::format(
      "/* A network for {0}, exported by dqnd for packed_net.h, which reads it where it lies:\n"
      " *\n"
      " *     packed_net net;\n"
      " *     static uint64_t scratch[{2}_SCRATCH_BYTES / 8];\n"
      " *     int32_t values[{2}_ACTIONS];\n"
      " *     packed_net_open({1}, {2}_BYTES, &net);\n"
      " *     packed_net_values(&net, observation, scratch, values);\n"
      " *     int action = packed_net_best(values, {2}_ACTIONS);\n"
      " *\n"
      " * observation: {3} [{4}, {5}, {6}], row by row, channels last.\n"
      " */\n"
      "#pragma once\n\n#include <stdint.h>\n\n"
      "#define {2}_BYTES {7}u\n#define {2}_SCRATCH_BYTES {8}u\n#define {2}_ACTIONS {9}u\n"
      "#define {2}_INPUTS {10}u\n#define {2}_INPUT_IS_FLOAT {11}\n\n"
      "static const uint64_t {1}[] = {{",
      environment, lower, upper, net.input_is_float ? "float" : "uint8_t", net.height, net.width,
      net.channels, packed.size(), packed_net_scratch_bytes(&net), net.actions,
      net.height * net.width * net.channels, net.input_is_float);
  constexpr size_t kWordsInLine = 4;
  for (size_t i = 0; i < packed.size(); i += sizeof(uint64_t)) {
    uint64_t word = 0;
    std::memcpy(&word, packed.data() + i, std::min(sizeof word, packed.size() - i));
    text += i / sizeof word % kWordsInLine == 0 ? "\n    " : " ";
    text += fmt::format("0x{:016x},", word);
  }
  return text + "\n};\n";
}

}  // namespace dqnd
