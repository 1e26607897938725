#include "viewer/ctl/printable.h"

#include <cstddef>

namespace dqnd {

std::string Printable(std::string_view text) {
  std::string printable(text);
  for (size_t i = 0; i < printable.size(); ++i) {
    const auto byte = static_cast<unsigned char>(printable[i]);
    const auto next = static_cast<unsigned char>(i + 1 < printable.size() ? printable[i + 1] : ' ');
    // The second kind of control characters, U+0080 to U+009F, as UTF-8 writes them.
    const bool is_c1 = byte == 0xc2 && next >= 0x80 && next <= 0x9f;
    if (byte >= 0x20 && byte != 0x7f && !is_c1) continue;
    printable.replace(i, is_c1 ? 2 : 1, "?");
  }
  return printable;
}

}  // namespace dqnd
