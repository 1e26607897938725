#include "trainer/checkpoint/state_sections.h"

#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dqnd {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

StateSections Example() {
  StateSections state;
  state.Add("counters", [](ByteWriter& writer) { writer.I64(7); });
  state.Add("stream/sample", [](ByteWriter& writer) { writer.U64(8); });
  return state;
}

TEST(StateSections, ComeBackByName) {
  const StateSections state = StateSections::Decode(Example().Encode());
  state.Get("stream/sample", [](ByteReader& reader) { EXPECT_EQ(reader.U64(), 8u); });
  state.Get("counters", [](ByteReader& reader) { EXPECT_EQ(reader.I64(), 7); });
  EXPECT_EQ(state.all(), Example().all());
}

TEST(StateSections, ThatAreMissingShortOrLongAreRefusedByName) {
  const StateSections state = Example();
  EXPECT_THAT([&] { state.Get("episodes", [](ByteReader&) {}); },
              ThrowsMessage<std::runtime_error>(HasSubstr("section episodes")));
  EXPECT_THAT([&] { state.Get("counters", [](ByteReader& reader) { reader.U32(); }); },
              ThrowsMessage<std::runtime_error>(HasSubstr("section counters")));
  EXPECT_THAT([&] { state.Get("counters", [](ByteReader& reader) { reader.Raw(9); }); },
              ThrowsMessage<std::runtime_error>(HasSubstr("section counters")));
}

TEST(StateSections, ThatWereCutOffOrGrewAreRefused) {
  const std::string bytes = Example().Encode();
  for (size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_THROW(StateSections::Decode(bytes.substr(0, length)), std::runtime_error) << length;
  }
  EXPECT_THROW(StateSections::Decode(bytes + "x"), std::runtime_error);
}

}  // namespace
}  // namespace dqnd
