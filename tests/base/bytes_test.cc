#include "base/bytes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

namespace dqnd {
namespace {

TEST(Bytes, ReadsBackWhatWasWrittenInTheSameOrder) {
  ByteWriter writer;
  writer.U8(200);
  writer.U32(0xDEADBEEF);
  writer.U64(std::numeric_limits<uint64_t>::max());
  writer.I64(-5);
  writer.F32(1.5f);
  writer.F64(-0.1);
  writer.Bool(true);
  writer.String(std::string_view("a\0b", 3));
  writer.Array(std::span<const int16_t>(std::array<int16_t, 3>{1, -2, 3}));
  ByteReader reader(writer.bytes());
  EXPECT_EQ(reader.U8(), 200);
  EXPECT_EQ(reader.U32(), 0xDEADBEEF);
  EXPECT_EQ(reader.U64(), std::numeric_limits<uint64_t>::max());
  EXPECT_EQ(reader.I64(), -5);
  EXPECT_EQ(reader.F32(), 1.5f);
  EXPECT_EQ(reader.F64(), -0.1);
  EXPECT_TRUE(reader.Bool());
  EXPECT_EQ(reader.String(), std::string_view("a\0b", 3));
  std::array<int16_t, 3> values;
  reader.Array(std::span<int16_t>(values));
  EXPECT_THAT(values, ::testing::ElementsAre(1, -2, 3));
  EXPECT_EQ(reader.remaining(), 0u);
}

TEST(Bytes, AreLittleEndianWithoutPadding) {
  ByteWriter writer;
  writer.U8(1);
  writer.U32(0x01020304);
  EXPECT_EQ(writer.bytes(), "\x01\x04\x03\x02\x01");
}

TEST(Bytes, EveryCutIsAnErrorAndNothingIsReadBeyondTheEnd) {
  ByteWriter writer;
  writer.U64(1);
  writer.String("abc");
  for (size_t kept = 0; kept < writer.bytes().size(); ++kept) {
    const std::string cut = writer.bytes().substr(0, kept);
    ByteReader reader(cut);
    EXPECT_THROW(
        {
          reader.U64();
          reader.String();
        },
        std::runtime_error)
        << kept << " bytes kept";
  }
}

TEST(Bytes, ALengthLargerThanTheRestIsNotTrusted) {
  ByteWriter writer;
  writer.U64(std::numeric_limits<uint64_t>::max());
  ByteReader reader(writer.bytes());
  EXPECT_THROW(reader.String(), std::runtime_error);
}

TEST(Bytes, AnArrayOfAnotherLengthIsAnError) {
  ByteWriter writer;
  writer.Array(std::span<const int>(std::array{1, 2}));
  std::vector<int> three(3);
  ByteReader reader(writer.bytes());
  EXPECT_THROW(reader.Array(std::span<int>(three)), std::runtime_error);
}

}  // namespace
}  // namespace dqnd
