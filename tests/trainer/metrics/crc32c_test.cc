#include "trainer/metrics/crc32c.h"

#include <gtest/gtest.h>

#include <string>

namespace dqnd {
namespace {

// Vectors: RFC 3720, appendix B.4, and the usual check value of nine digits.
TEST(Crc32c, GivesThePublishedChecksums) {
  std::string ascending, descending;
  for (int i = 0; i < 32; ++i) ascending += static_cast<char>(i);
  for (int i = 31; i >= 0; --i) descending += static_cast<char>(i);
  EXPECT_EQ(Crc32c(""), 0u);
  EXPECT_EQ(Crc32c("123456789"), 0xE3069283);
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8A9136AA);
  EXPECT_EQ(Crc32c(std::string(32, '\xFF')), 0x62A8AB43);
  EXPECT_EQ(Crc32c(ascending), 0x46DD794E);
  EXPECT_EQ(Crc32c(descending), 0x113FDB5C);
}

TEST(Crc32c, IsMaskedByARotationAndAConstant) {
  // 0xE3069283 rotated right by 15 is 0x2507C60D.
  EXPECT_EQ(MaskedCrc32c("123456789"), 0x2507C60D + 0xA282EAD8);
}

}  // namespace
}  // namespace dqnd
